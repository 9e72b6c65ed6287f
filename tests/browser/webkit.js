// SPDX-License-Identifier: MIT
// webkit.js - what the tests use of Playwright's browsers, for stock WebKitGTK.
import { createServer } from "node:http";
import { startSession } from "./webdriver.js";
import { Page } from "./webkit_page.js";

// Cookies are set in a page of their host, at any port.
async function startBlank() {
	const server = createServer((_, response) => {
		response.setHeader("Content-Type", "text/html");
		response.end("<!DOCTYPE html><title>blank</title>");
	});

	await new Promise((resolve) =>
		server.listen(0, "127.0.0.1", resolve));
	return {
		url: (host, path) =>
			`http://${host}:${server.address().port}${path}`,
		stop: () => {
			server.closeAllConnections();
			server.close();
		},
	};
}

// A clock that goes on when a test says so.
const CLOCK = `function () {
	var RealDate = Date, base = Date.now(), passed = 0, next = 1, timers = [];

	function add(every) {
		return function (act, ms) {
			var rest = Array.prototype.slice.call(arguments, 2);

			timers.push({ id: next, at: passed + (+ms || 0), act: act,
				rest: rest, every: every && (+ms || 1) });
			return next++;
		};
	}

	function remove(id) {
		timers = timers.filter(function (timer) {
			return timer.id !== id;
		});
	}

	globalThis.Date = class extends RealDate {
		constructor() {
			super(...(arguments.length ? arguments
				: [base + passed]));
		}

		static now() {
			return base + passed;
		}
	};
	globalThis.setTimeout = add(false);
	globalThis.setInterval = add(true);
	globalThis.clearTimeout = globalThis.clearInterval = remove;
	globalThis.__runFor = function (ms) {
		var end = passed + ms, timer;

		for (;;) {
			timers.sort(function (a, b) { return a.at - b.at; });
			timer = timers[0];
			if (!timer || timer.at > end)
				break;
			passed = Math.max(passed, timer.at);
			if (timer.every)
				timer.at += timer.every;
			else
				timers.shift();
			timer.act.apply(null, timer.rest);
		}
		passed = end;
	};
}`;

class Context {
	scripts = [];
	clock = { install: async () => { this.scripts.push(CLOCK); } };

	constructor(session, anchor, blank) {
		this.session = session;
		this.anchor = anchor;
		this.blank = blank;
	}

	// The driver closes dialogs by itself; it does not tell of requests.
	on(event) {
		if (event !== "dialog")
			throw new Error(`WebKit does not tell of ${event}`);
	}

	async addInitScript(script) {
		this.scripts.push(String(script));
	}

	async newPage() {
		const { session, anchor } = this;

		return new Page(this, await session.alone(async () => {
			await session.send("POST", "/window", { handle: anchor });
			return (await session.send("POST", "/window/new",
				{ type: "tab" })).handle;
		}));
	}

	// Send a command about the cookies of this host and path.
	cookieCommand(host, path, method, body) {
		const { session, anchor, blank } = this;

		return session.alone(async () => {
			await session.send("POST", "/window", { handle: anchor });
			await session.send("POST", "/url",
				{ url: blank.url(host, path) });
			return session.send(method, "/cookie", body);
		});
	}

	async addCookies(cookies) {
		for (const one of cookies) {
			const host = one.domain ?? new URL(one.url).hostname;
			const path = one.path
				?? new URL(one.url).pathname.replace(/[^/]*$/, "");

			await this.cookieCommand(host.replace(/^\./, ""), path,
				"POST", { cookie: {
					name: one.name, value: one.value,
					domain: host, path,
					...one.httpOnly && { httpOnly: true },
					...one.sameSite && {
						sameSite: one.sameSite },
					...one.expires > 0 && {
						expiry: Math.floor(one.expires) },
				} });
		}
	}

	async cookies(url) {
		const path = url === undefined ? "/.well-known/mercure"
			: new URL(url).pathname;

		return (await this.cookieCommand("127.0.0.1", path, "GET"))
			.map((cookie) => ({ ...cookie,
				expires: cookie.expiry ?? -1 }));
	}

	clearCookies() {
		return this.cookieCommand("127.0.0.1", "/.well-known/mercure",
			"DELETE");
	}

	close() {
		return this.session.alone(() => this.session.stop());
	}
}

export async function launchWebKit() {
	const contexts = new Set(), blank = await startBlank();

	return {
		newContext: async (options = {}) => {
			const session = await startSession(options);
			const context = new Context(session,
				await session.send("GET", "/window"), blank);

			contexts.add(context);
			return context;
		},
		close: async () => {
			for (const context of contexts)
				await context.close();
			blank.stop();
		},
	};
}
