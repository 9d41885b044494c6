# needs: node npm
# `npm test` of a package without dependencies, offline.
mkdir -p package/test && cd package || exit 1
cat > package.json <<'END'
{"name": "small", "version": "1.0.0", "scripts": {"test": "node --test", "hello": "echo hello"}}
END
cat > test/small.test.js <<'END'
const test = require('node:test');
const assert = require('node:assert');
test('adds', () => assert.strictEqual(1 + 1, 2));
test('waits', async () => { await new Promise((done) => setTimeout(done, 10)); });
END
npm run --silent hello
npm test --silent > output 2>&1
echo "exit $?"
grep -cE '^(# |. )?(pass 2|ℹ pass 2)' output
sed 's/^/~/' output
