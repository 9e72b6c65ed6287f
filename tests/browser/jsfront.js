// SPDX-License-Identifier: MIT
// jsfront.js - what may stand between a page and its hub, and another hub.
import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { source } from "./support.js";

const listening = (server) => new Promise((resolve) =>
	server.listen(0, "127.0.0.1", () => resolve(server.address().port)));

// How to answer instead of the hub.
export const answers = (status, headers = {}) => (_, response) => {
	response.writeHead(status, headers).end();
};

// A proxy to the site; while `problem` is set, it answers for the hub.  `asked`
// is what the hub was to be asked, `statuses` what it answered; cut() breaks
// all connections.  What else is asked for waits for what `late` returns for it.
export async function startFront(site) {
	const front = { asked: [], statuses: [], problem: null, late: () => {} };
	const server = createServer(async (asked, response) => {
		const toHub = asked.url.startsWith("/.well-known/");

		if (toHub) {
			front.asked.push(`${asked.method} ${asked.url}`);
			if (front.problem)
				return void front.problem(asked, response);
		} else {
			await front.late(asked.url);
		}
		const peer = request({ host: "127.0.0.1", path: asked.url,
			port: new URL(site.url).port, method: asked.method,
			headers: asked.headers }, (answer) => {
			if (toHub)
				front.statuses.push(answer.statusCode);
			response.writeHead(answer.statusCode, answer.headers);
			response.flushHeaders();
			answer.pipe(response);
			answer.on("error", () => response.destroy());
		});

		peer.on("error", () => response.destroy());
		response.on("close", () => peer.destroy());
		asked.pipe(peer);
	});

	front.url = `http://127.0.0.1:${await listening(server)}/`;
	front.cut = () => server.closeAllConnections();
	front.stop = () => {
		front.cut();
		server.close();
	};
	return front;
}

// A server of event streams as small as they come: numbered events without a
// hub, only GET.  `page` is the HTML it serves; `create` makes an https server.
export async function startPlain(page, create = createServer) {
	const events = [], streams = new Set();
	const plain = { asked: [], problem: null, page };
	const script = (name) =>
		readFile(join(source, "templates/js", name));
	const send = (stream, n) =>
		stream.write(`id: ${n + 1}\ndata: ${events[n]}\n\n`);
	const server = create(async (asked, response) => {
		const { pathname, searchParams } = new URL(asked.url, plain.url);
		const [, name] = /^\/app\/(pushcgi(?:-more)?\.js)$/
			.exec(pathname) ?? [];

		if (pathname === "/") {
			response.setHeader("Content-Type", "text/html");
			return void response.end(plain.page);
		}
		if (name) {
			response.setHeader("Content-Type", "text/javascript");
			return void response.end(await script(name));
		}
		plain.asked.push(`${asked.method} ${asked.url}`);
		if (plain.problem)
			return void plain.problem(asked, response);
		if (asked.method !== "GET")
			return void response.writeHead(405).end();
		response.writeHead(200, { "Content-Type": "text/event-stream" });
		// Firefox says that a stream is open only after a first byte.
		response.write(":\n\n");
		const id = asked.headers["last-event-id"]
			?? searchParams.get("lastEventID") ?? events.length;
		for (let n = Number(id); n < events.length; n++)
			send(response, n);
		streams.add(response);
		response.on("close", () => streams.delete(response));
	});

	plain.url = `http${create === createServer ? "" : "s"}://127.0.0.1:${
		await listening(server)}/`;
	plain.publish = (data) => {
		events.push(data);
		for (const stream of streams)
			send(stream, events.length - 1);
	};
	plain.streams = () => streams.size;
	plain.cut = () => server.closeAllConnections();
	plain.stop = () => {
		plain.cut();
		server.close();
	};
	return plain;
}
