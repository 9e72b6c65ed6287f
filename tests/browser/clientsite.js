// SPDX-License-Identifier: MIT
// clientsite.js - the site of tests/clients, other origins, and a relay.
import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { helper, source, start, waitUntil } from "./support.js";

export const hubPath = "/.well-known/mercure";

const listening = (server) => new Promise((resolve) =>
	server.listen(0, "127.0.0.1", () => resolve(server.address().port)));

// Start the site with these settings of its hub.
export async function startSite(settings = {}) {
	const site = start("perl", [join(source, "tests", "clients", "site.pl"),
		...Object.entries(settings).map((pair) => pair.join("="))]);
	const facts = await waitUntil("the site is ready", () => {
		assert.ok(!site.exited, site.errors);
		const line = /^READY (.*)$/m.exec(site.output);
		return line && JSON.parse(line[1]);
	});
	const minted = async (who, ...topics) => {
		const token = await helper(facts.config, `${who}-jwt`,
			...topics.map((topic) => `--topic=${topic}`));

		return token.trim();
	};

	return {
		...facts,
		hub: new URL(hubPath, facts.url).href,
		publish: (...args) => helper(facts.config, "publish", ...args),
		subscriberToken: (...topics) => minted("subscriber", ...topics),
		publisherToken: (...topics) => minted("publisher", ...topics),
		stop: () => site.stop(),
	};
}

// A server of another origin whose pages are empty.
export async function startOrigin() {
	const server = createHttpServer((request, response) => {
		response.setHeader("Content-Type", "text/html");
		response.end("<!DOCTYPE html><title>x</title>");
	});
	const port = await listening(server);

	return { origin: `http://127.0.0.1:${port}`, stop: () => {
		server.closeAllConnections();
		server.close();
	} };
}

// A relay to `port`: cut() breaks all connections and lets none in until
// fix(); `requests` are the heads of what went through.
export async function startRelay(port) {
	const sockets = new Set();
	const relay = { requests: [], whole: true };
	const server = createServer((client) => {
		if (!relay.whole) {
			client.destroy();
			return;
		}
		const peer = connect(port, "127.0.0.1");

		for (const [from, to] of [[client, peer], [peer, client]]) {
			sockets.add(from);
			from.on("error", () => to.destroy());
			from.on("close", () => {
				sockets.delete(from);
				to.destroy();
			});
			from.pipe(to);
		}
		client.on("data", (bytes) => relay.requests.push(`${bytes}`));
	});

	relay.url = `http://127.0.0.1:${await listening(server)}/`;
	relay.cut = () => {
		relay.whole = false;
		for (const socket of sockets)
			socket.destroy();
	};
	relay.fix = () => { relay.whole = true; };
	relay.stop = () => {
		relay.cut();
		server.close();
	};
	return relay;
}
