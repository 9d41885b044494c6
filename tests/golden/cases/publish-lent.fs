only linux-full
publish 15432:5432
