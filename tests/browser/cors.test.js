// SPDX-License-Identifier: MIT
// cors.test.js - what pages of other origins can do in Chromium.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startOrigin, startSite } from "./clientsite.js";
import { launch, visit, waitUntil } from "./support.js";

const topic = "https://example.com/cors";
const marker = "https://example.com/marker";
const formType = "application/x-www-form-urlencoded";

describe("pages of other origins", () => {
	let browser, listed, other, site;

	before(async () => {
		listed = await startOrigin();
		other = await startOrigin();
		site = await startSite({
			MERCURE_CORS_ALLOWED_ORIGINS: listed.origin,
			MERCURE_PUBLISH_ALLOWED_ORIGINS: listed.origin });
		browser = await launch();
	});
	after(async () => {
		await browser?.close();
		await site?.stop();
		listed?.stop();
		other?.stop();
	});

	// A page at `origin` of a visitor who has this token in the cookie.
	async function visitWith(origin, value) {
		const page = await visit(browser, origin);

		await page.context().addCookies([{ name: "mercureAuthorization",
			value, url: site.hub, httpOnly: true,
			sameSite: "Strict" }]);
		return page;
	}

	// Subscribe in a page; tells what became of it: "open" or "closed".
	const subscribe = (page) => page.evaluate(([hub, topics]) =>
		new Promise((resolve) => {
			const url = new URL(hub);

			for (const name of topics)
				url.searchParams.append("topic", name);
			globalThis.received = [];
			const events = new EventSource(url,
				{ withCredentials: true });
			events.onopen = () => resolve("open");
			events.onerror = () => resolve("closed");
			events.onmessage = ({ data }) => received.push(data);
		}), [site.hub, [topic, marker]]);

	// fetch() in a page: what a script can learn of the answer.
	const ask = (page, query, options) => page.evaluate(
		async ([hub, more, init]) => {
			try {
				const stop = new AbortController();
				const { type, status, headers } =
					await fetch(hub + more,
						{ ...init, signal: stop.signal });
				const lastId = headers.get("last-event-id");

				if (init.method !== "POST")
					stop.abort();
				return { type, status, lastId };
			} catch (error) {
				return error.name;
			}
		}, [site.hub, query, options]);

	// Publish from a page, by its cookie or with this token in a header.
	const post = (page, data, token = null, mode = "cors") => ask(page, "",
		{ method: "POST", credentials: "include", mode,
			headers: { "Content-Type": formType, ...token
				&& { Authorization: `Bearer ${token}` } },
			body: `${new URLSearchParams({ topic, data })}` });

	// What a stream at the hub's own origin gets while `act` goes on.
	async function publishedBy(act) {
		const page = await visitWith(site.url,
			await site.subscriberToken(topic));

		assert.equal(await subscribe(page), "open");
		await act();
		await site.publish(marker, "end");
		await waitUntil("the marker has come",
			() => page.evaluate(() => received.includes("end")));
		const data = await page.evaluate(() => received);
		await page.context().close();
		return data.filter((text) => text !== "end");
	}

	it("a listed origin subscribes with the cookie and reads", async () => {
		const page = await visitWith(listed.origin,
			await site.subscriberToken(topic));

		assert.equal(await subscribe(page), "open");
		await site.publish("--private", topic, "secret");
		await waitUntil("it has come",
			() => page.evaluate(() => received.length));
		assert.deepEqual(await page.evaluate(() => received),
			["secret"]);
		await page.context().close();
	});

	it("an unlisted origin reads nothing", async () => {
		const page = await visitWith(other.origin,
			await site.subscriberToken(topic));
		const seen = await publishedBy(async () => {
			assert.equal(await subscribe(page), "closed");
			await site.publish(topic, "public");
			await site.publish("--private", topic, "secret");
		});

		assert.deepEqual(seen, ["public", "secret"]);
		assert.deepEqual(await page.evaluate(() => received), []);
		assert.equal(await ask(page, `?topic=${topic}`,
			{ credentials: "include" }), "TypeError");
		await page.context().close();
	});

	it("a listed origin reads Last-Event-ID", async () => {
		const page = await visitWith(listed.origin,
			await site.subscriberToken(topic));

		assert.deepEqual(await ask(page,
			`?topic=${topic}&lastEventID=earliest`,
			{ credentials: "include" }),
		{ type: "cors", status: 200, lastId: "earliest" });
		assert.deepEqual(await ask(page, `?topic=${topic}`,
			{ headers: { "Last-Event-ID": "unknown" } }),
		{ type: "cors", status: 200, lastId: "earliest" });
		await page.context().close();
	});

	it("a listed origin publishes by cookie and by header", async () => {
		const token = await site.publisherToken("*");
		const page = await visitWith(listed.origin, token);
		const seen = await publishedBy(async () => {
			const status = async (...args) =>
				(await post(page, ...args)).status;

			assert.equal(await status("by cookie"), 200);
			await page.context().clearCookies();
			assert.equal(await status("by header", token), 200);
			assert.equal(await status("by nothing"), 401);
		});

		assert.deepEqual(seen, ["by cookie", "by header"]);
		await page.context().close();
	});

	it("no other origin publishes by cookie", async () => {
		const token = await site.publisherToken("*");
		const page = await visitWith(other.origin, token);
		const own = await visitWith(site.url, token);
		const seen = await publishedBy(async () => {
			assert.equal(await post(page, "asked"), "TypeError");
			assert.equal((await post(page, "blindly", null,
				"no-cors")).type, "opaque");
			// Here the preflight fails.
			assert.equal(await post(page, "by header", token),
				"TypeError");
			assert.equal((await post(own, "own")).status, 200);
		});

		assert.deepEqual(seen, ["own"]);
		await page.context().close();
		await own.context().close();
	});

	// A frame in `page` that publishes by cookie; waits until it is done.
	const publishInFrame = (page, sandbox, data) => page.evaluate(
		([hub, rules, type, body]) => new Promise((resolve) => {
			const frame = document.createElement("iframe");

			addEventListener("message", resolve, { once: true });
			frame.sandbox = rules;
			frame.srcdoc = `<script>fetch("${hub}", {
				method: "POST",
				mode: "no-cors", credentials: "include",
				headers: { "Content-Type": "${type}" },
				body: "${body}" }).catch(() => {}).finally(() =>
				parent.postMessage("done", "*"))</scr` + "ipt>";
			document.body.append(frame);
		}), [site.hub, sandbox, formType,
			`${new URLSearchParams({ topic, data })}`]);

	it("nor does a frame without an origin", async () => {
		const page = await visitWith(listed.origin,
			await site.publisherToken("*"));
		const seen = await publishedBy(async () => {
			await publishInFrame(page, "allow-scripts", "null");
			await publishInFrame(page,
				"allow-scripts allow-same-origin", "listed");
		});

		assert.deepEqual(seen, ["listed"]);
		await page.context().close();
	});
});
