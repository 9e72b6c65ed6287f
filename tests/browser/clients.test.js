// SPDX-License-Identifier: MIT
// clients.test.js - EventSource libraries with headers go on after a cut.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, beforeEach, afterEach, describe, it } from "node:test";
import { EventSource } from "eventsource";
import { hubPath, startRelay, startSite } from "./clientsite.js";
import { launch, visit, waitUntil } from "./support.js";

const topic = "https://example.com/clients";
const polyfill = createRequire(import.meta.url)
	.resolve("event-source-polyfill/src/eventsource.min.js");

describe("EventSource libraries", () => {
	let site, relay, token, url;

	before(async () => {
		site = await startSite({ MERCURE_RETRY: 100,
			MERCURE_HUB_ALLOW_ANONYMOUS: "false" });
		token = await site.subscriberToken(topic);
	});
	after(() => site?.stop());
	beforeEach(async () => {
		relay = await startRelay(site.port);
		url = new URL(hubPath, relay.url);
		url.searchParams.append("topic", topic);
	});
	afterEach(() => relay?.stop());

	const publish = (data) => site.publish("--private", topic, data);

	// One update before a cut, two during it, one behind it; `received`
	// says what the library has handed out, and `opened` how often it told
	// of an open stream.
	async function goesOn(received, opened, idSent) {
		const has = (n) => waitUntil(`update ${n} has come`,
			async () => (await received()).length >= n);

		await waitUntil("the stream is open", opened);
		const id = (await publish("one")).trim();
		await has(1);
		relay.cut();
		await publish("two");
		await publish("three");
		relay.fix();
		await has(3);
		await publish("four");
		await has(4);
		assert.deepEqual(await received(),
			["one", "two", "three", "four"]);
		assert.ok(relay.requests.some((head) => idSent(head, id)),
			"the id of the last update was sent");
	}

	it("eventsource goes on after a cut", async () => {
		const received = [];
		const events = new EventSource(url, { fetch: (input, init) =>
			fetch(input, { ...init, headers: { ...init.headers,
				Authorization: `Bearer ${token}` } }) });

		events.onmessage = ({ data }) => received.push(data);
		try {
			await goesOn(() => received,
				() => events.readyState === EventSource.OPEN,
				(head, id) => new RegExp(`^last-event-id: ${id}\r$`,
					"im").test(head));
		} finally {
			events.close();
		}
	});

	it("event-source-polyfill goes on after a cut", async () => {
		const browser = await launch();

		try {
			const page = await visit(browser, relay.url);

			await page.addScriptTag({ path: polyfill });
			await page.evaluate(([href, bearer]) => {
				globalThis.received = [];
				globalThis.events = new EventSourcePolyfill(href,
					{ headers: { Authorization: bearer } });
				events.onmessage = (event) =>
					received.push(event.data);
			}, [url.href, `Bearer ${token}`]);
			await goesOn(() => page.evaluate(() => received),
				() => page.evaluate(() =>
					events.readyState === 1),
				(head, id) => head.includes("lastEventId="
					+ encodeURIComponent(id)));
		} finally {
			await browser.close();
		}
	});
});
