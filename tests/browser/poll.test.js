// SPDX-License-Identifier: MIT
// poll.test.js - Chromium gets each update through servers that hold responses back to their end.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { helper, launch, source, start, visit, waitUntil }
	from "./support.js";

const topic = "https://example.com/news";
const quiet = "https://example.com/quiet";
const count = 30;

// [server, what its hub is set to, what the page asks for]
const sites = [
	["lighttpd", [], { delivery: "poll" }],
	["apache", ["MERCURE_DELIVERY=poll"], {}],
];

// An EventSource on the hub; what it receives is kept in the page.
const listen = (page, name, params) => page.evaluate(([key, query]) => {
	const url = new URL("/.well-known/mercure", location.href);

	url.search = new URLSearchParams(query);
	const events = new EventSource(url);
	globalThis[key] = { events, received: [], opened: 0 };
	events.onopen = () => { globalThis[key].opened++; };
	events.onmessage = ({ data }) => globalThis[key].received.push(data);
}, [name, { topic, lastEventID: "earliest", ...params }]);

const seen = (page, name) => page.evaluate((key) => {
	const { events, received, opened } = globalThis[key];

	return { received, opened, state: events.readyState };
}, name);

for (const [server, settings, params] of sites) {
	describe(`${server} that buffers`, () => {
		let browser, site, facts;

		before(async () => {
			site = start("perl", [join(source, "tests", "servers",
				"site.pl"), server, "buffers", ...settings]);
			facts = await waitUntil(`${server} is ready`, () => {
				assert.ok(!site.exited, site.errors);
				const line = /^READY (.*)$/m.exec(site.output);
				return line && JSON.parse(line[1]);
			});
			browser = await launch();
		});

		after(async () => {
			await browser?.close();
			await site?.stop();
		});

		const publish = (...args) =>
			helper(facts.config, "publish", ...args);
		const received = (page) => async (n) =>
			(await seen(page, "polled")).received.length === n;

		it("each update once, in order, while they are published",
			async () => {
			const page = await visit(browser, facts.url);
			const has = received(page);

			await listen(page, "held", { delivery: "stream" });
			await listen(page, "polled", params);
			for (let n = 1; n <= count; n++) {
				await publish(topic, `${n}`);
				await publish(quiet, "x");
				// Each of the first ten alone, then in threes.
				if (n <= 10 || n % 3 === 0)
					await waitUntil(`${n} have come`, () => has(n));
			}
			const { received: all, opened } =
				await seen(page, "polled");
			assert.deepEqual(all, Array.from({ length: count },
				(_, i) => `${i + 1}`));
			assert.ok(opened >= 10, `${opened} responses`);
			// What would flow, if it did, is held back.
			assert.deepEqual(await seen(page, "held"),
				{ received: [], opened: 0, state: 0 });
			await page.context().close();
		});

		it("a large one, and what comes behind it", async () => {
			const page = await visit(browser, facts.url);
			const large = "x".repeat(100000);

			await publish(topic, large);
			await listen(page, "polled", params);
			await waitUntil("it has come", () =>
				received(page)(count + 1));
			await publish(topic, "behind");
			await waitUntil("the next has come", () =>
				received(page)(count + 2));
			const { received: all } = await seen(page, "polled");
			assert.deepEqual(all.slice(count), [large, "behind"]);
			await page.context().close();
		});
	});
}
