// fetch.mjs fetch|https URL: node's two ways to speak HTTP.
import https from "node:https";

const [way, url] = process.argv.slice(2);

function fail(error) {
	console.error(error.cause ?? error);
	process.exit(1);
}

if (way === "fetch") {
	fetch(url, { signal: AbortSignal.timeout(20000) })
		.then((response) => response.text())
		.then((text) => process.stdout.write(text))
		.catch(fail);
} else {
	https.get(url, { timeout: 20000, agent: new https.Agent({ keepAlive: false }) }, (response) =>
		response.pipe(process.stdout)).on("error", fail);
}
