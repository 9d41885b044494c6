only linux-full linux-landlock windows-unelevated
publish 3000
publish 0.0.0.0:8080:3001
publish [::1]:0:3000
