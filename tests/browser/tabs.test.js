// SPDX-License-Identifier: MIT
// tabs.test.js - the tabs of a site share one stream, and miss nothing.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { answers, startFront } from "./jsfront.js";
import { got, has, isOpen, openTab, startSite, told, writePage }
	from "./jspage.js";
import { crash, engine, launch, waitUntil } from "./support.js";

const topic = "https://example.com/tabs";
const other = "https://example.com/others";

// With a worker, and where browsers have none.
const ways = [["lighttpd", "a worker"], ["apache", "an elected tab"]];

const numbers = (first, last) => Array.from({ length: last - first + 1 },
	(_, i) => `${first + i}`);

function oneStream(server, way) {
	let browser, site, visitors = [];

	before(async () => {
		site = await startSite(server, "MERCURE_POLL_WAIT=1");
		browser = await launch();
	});
	// A test that failed must not leave streams for the next one.
	afterEach(async () => {
		await Promise.all(visitors.map((context) => context.close()));
		visitors = [];
	});
	after(async () => {
		await browser?.close();
		await site?.stop();
	});

	async function visitor() {
		const context = await browser.newContext();

		visitors.push(context);
		if (way !== "a worker")
			await context.addInitScript(() => {
				delete globalThis.SharedWorker;
			});
		return context;
	}

	async function openTabs(context, path, n) {
		const tabs = [];

		for (let i = 0; i < n; i++)
			tabs.push(await openTab(context, site.url + path));
		await Promise.all(tabs.map(isOpen));
		return tabs;
	}

	async function endWorker() {
		const session = await browser.newBrowserCDPSession();
		const { targetInfos } =
			await session.send("Target.getTargets");
		const workers = targetInfos.filter(({ type }) =>
			type === "shared_worker");

		assert.equal(workers.length, 1);
		const { targetId } = workers[0];
		assert.deepEqual(await session.send("Target.closeTarget",
			{ targetId }), { success: true });
		await session.detach();
	}

	// The hub's list follows its streams by some tenths of a second.
	const holds = (n) => waitUntil(`the hub has ${n} streams`,
		async () => await site.streams() === n);
	const holdsOne = () => holds(1);

	// Publish first to last, one after the other, while `act` goes on.
	async function publishing(first, last, act) {
		const all = (async () => {
			for (const n of numbers(first, last)) {
				await site.publish(other, "x");
				await site.publish(topic, n);
			}
		})();

		await act();
		await all;
	}

	// Each has got these, all of them once and in order.
	async function exact(tabs, first, last) {
		for (const tab of tabs) {
			await has(tab, `${last}`);
			assert.deepEqual(await got(tab),
				numbers(first, last));
		}
	}

	it("six hold one stream, and a seventh loads", async () => {
		const context = await visitor();
		const path = await writePage(site, "six.html",
			{ topics: [topic] });
		const tabs = await openTabs(context, path, 6);

		await holdsOne();
		tabs.push(await openTab(context,
			`${site.url}${path}?seventh`));
		assert.equal(await tabs[6].evaluate(() => performance
			.getEntriesByType("navigation")[0]
			.nextHopProtocol), "http/1.1");
		await isOpen(tabs[6]);
		await holdsOne();
		await publishing(1, 3, () => {});
		await exact(tabs, 1, 3);
	});

	it("nothing is lost when tabs are closed and crash", async () => {
		const context = await visitor();
		const path = await writePage(site, "end.html",
			{ topics: [topic] });
		const tabs = await openTabs(context, path, 6);

		// The first one leads, or has started the worker.
		await publishing(1, 40, async () => {
			await has(tabs[0], "3");
			await tabs[0].close();
			await has(tabs[1], "10");
			crash(tabs[1]);
			await has(tabs[2], "20");
			await tabs[2].close();
		});
		await exact(tabs.slice(3), 1, 40);
		await holdsOne();
	});

	it("nothing is lost when what holds the stream is ended", async () => {
		const context = await visitor();
		const path = await writePage(site, "kill.html",
			{ topics: [topic] });
		const tabs = await openTabs(context, path, 3);

		await publishing(1, 30, async () => {
			await has(tabs[2], "10");
			// Only Chromium can end a worker.
			if (way === "a worker" && engine === "chromium")
				await endWorker();
			else
				await tabs[0].evaluate(() => document
					.querySelector("[data-topics]")
					.pushcgi.close());
		});
		await exact(tabs.slice(1), 1, 30);
		await holdsOne();
	});

	it("a tab that joins gets what is behind its last event id",
		async () => {
		const context = await visitor();
		const topics = [topic, "https://example.com/{more}"];
		const path = await writePage(site, "first.html", { topics });
		const [first] = await openTabs(context, path, 1);
		let joined = [];

		await publishing(1, 20, async () => {
			for (const n of [5, 10]) {
				await has(first, `${n}`);
				const [{ lastEventId }] = (await first.evaluate(
					() => got)).filter(({ data }) =>
					data === `${n}`);
				joined.push([n, await openTab(context, site.url
					+ await writePage(site, `at${n}.html`, { topics,
						"last-event-id": lastEventId }))]);
			}
		});
		for (const [n, tab] of joined) {
			await has(tab, "20");
			assert.deepEqual((await got(tab))
				.filter((data) => data !== "x"),
			numbers(n + 1, 20));
		}
	});

	it("a tab that joins at a place the others never were at",
		async () => {
		const context = await visitor();
		const path = await writePage(site, "there.html",
			{ topics: [topic] });
		const [first] = await openTabs(context, path, 1);
		// Where the hub's log ends, as a page is told.
		const joinLater = async (name) => {
			await site.publish(other, "x");
			const link = await first.evaluate(async () =>
				(await fetch("/.well-known/mercure?topic=x",
					{ method: "HEAD" })).headers.get("Link"));
			const [, id] = /last-event-id="([^"]*)"/.exec(link);

			return async () => openTab(context, site.url
				+ await writePage(site, name,
					{ topics: [topic], "last-event-id": id }));
		};

		await publishing(1, 2, () => {});
		const join = await joinLater("behind.html");
		await publishing(3, 5, () => {});
		const behind = await join();
		await has(behind, "5");
		const atEnd = await (await joinLater("end.html"))();
		await isOpen(atEnd);
		await holdsOne();
		await publishing(6, 8, () => {});
		await exact([first], 1, 8);
		await exact([behind], 3, 8);
		await exact([atEnd], 6, 8);
		await holdsOne();
	});

	it("tabs of other topics get only their own", async () => {
		const context = await visitor();
		const pages = await Promise.all([topic, other].map(
			async (name, i) => openTab(context, site.url
				+ await writePage(site, `own${i}.html`,
					{ topics: [name] }))));

		await Promise.all(pages.map(isOpen));
		await publishing(1, 2, () => {});
		await has(pages[0], "2");
		await has(pages[1], "x");
		assert.deepEqual(await got(pages[0]), ["1", "2"]);
		assert.deepEqual([...new Set(await got(pages[1]))], ["x"]);
		await holds(2);
	});

	it("who wants it so shares one stream of all topics", async () => {
		const context = await visitor();
		const topics = ["https://example.com/a",
			"https://example.com/b", "https://example.com/c"];
		const pages = [];
		const join = async (name) => {
			const page = await openTab(context, site.url
				+ await writePage(site, `all${pages.length}.html`,
					{ topics: [name], types: [name],
						share: "all" }));

			await isOpen(page);
			pages.push(page);
		};

		await join(topic);
		// Each time a new stream is requested, with one more topic.
		await publishing(1, 10, async () => {
			for (const name of topics)
				await join(name);
		});
		for (const name of topics)
			await site.publish("--type", name, name, name);
		await site.publish(topic, "11");
		await exact(pages.slice(0, 1), 1, 11);
		// Updates with a type come only to who wants it.
		for (const [i, name] of topics.entries()) {
			await has(pages[i + 1], "11");
			assert.deepEqual((await got(pages[i + 1]))
				.filter((data) => /^h/.test(data)), [name]);
		}
		await holdsOne();
	});
}

function withoutHttps() {
	let browser, site;

	before(async () => {
		site = await startSite("lighttpd", "MERCURE_POLL_WAIT=1");
		browser = await launch({ args:
			["--host-resolver-rules=MAP site.example 127.0.0.1"] });
	});
	after(async () => {
		await browser?.close();
		await site?.stop();
	});

	it("six hold one stream, also when the first is closed", async () => {
		const context = await browser.newContext();
		const url = site.url.replace("127.0.0.1", "site.example")
			+ await writePage(site, "six.html", { topics: [topic] });
		const tabs = [];

		for (let i = 0; i < 6; i++)
			tabs.push(await openTab(context, url));
		await Promise.all(tabs.map(isOpen));
		assert.equal(await tabs[0].evaluate(() => isSecureContext), false);
		await waitUntil("the hub has one stream", async () =>
			await site.streams() === 1);
		await site.publish(topic, "1");
		await has(tabs[0], "1");
		await tabs[0].close();
		await site.publish(topic, "2");
		for (const tab of tabs.slice(1)) {
			await has(tab, "2");
			assert.deepEqual(await got(tab), ["1", "2"]);
		}
		await waitUntil("the hub has one stream", async () =>
			await site.streams() === 1);
		await context.close();
	});

	it("one that catches up is refused, and the next is not", async () => {
		const front = await startFront(site);
		const context = await browser.newContext();
		const tab = async (name, attributes) => openTab(context,
			front.url.replace("127.0.0.1", "site.example")
				+ await writePage(site, name,
					{ topics: [topic], ...attributes }));
		const earliest = { "last-event-id": "earliest" };

		try {
			await site.publish(topic, "early");
			const first = await tab("live.html");
			await isOpen(first);
			front.problem = answers(403);
			const refused = await tab("refused.html", earliest);
			await waitUntil("it is refused", async () =>
				(await told(refused, "close")).length);
			front.problem = null;
			const next = await tab("next.html", earliest);
			await has(next, "early");
			await site.publish(topic, "last");
			for (const page of [first, next])
				await has(page, "last");
			// It has not given up the others, either.
			await waitUntil("the hub has one stream", async () =>
				await site.streams() === 1);
		} finally {
			await context.close();
			front.stop();
		}
	});
}

describe("the tabs of a site", { concurrency: 3 }, () => {
	const inOrder = { concurrency: 1 };

	for (const [server, way] of ways)
		describe(`with ${way}, behind ${server}`, inOrder,
			() => oneStream(server, way));
	describe("without https", inOrder, withoutHttps);
});
