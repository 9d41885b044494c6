# needs: cargo rustc
# A crate without dependencies, offline.
cargo new --quiet --vcs none small --lib && cd small || exit 1
cargo build --quiet --offline
echo "build $?"
cargo test --quiet --offline 2>&1 | grep -c 'test result: ok'
