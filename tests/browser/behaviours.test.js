// SPDX-License-Identifier: MIT
// behaviours.test.js - the rows of templates/js/README.md, in Chromium.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { answers, startFront, startPlain } from "./jsfront.js";
import { got, has, isOpen, openTab, pageWith, startSite, told, writePage }
	from "./jspage.js";
import { helper, inOnly, launch, waitUntil } from "./support.js";

const topic = "https://example.com/behaviours";
// What the example application grants, and where it sets its cookie.
const own = "https://example.com/php";
const refresh = "/app/example.php";

describe("pushcgi.js, when", { concurrency: 8 }, () => {
	let browser, site, serial = 0;

	before(async () => {
		site = await startSite("lighttpd", "MERCURE_RETRY=100");
		// Pages that were left are kept, as for people.
		browser = await launch({ ignoreDefaultArgs:
			["--disable-back-forward-cache"] });
	});
	after(async () => {
		await browser?.close();
		await site?.stop();
	});

	// Run `act` with a front and a visitor of its own, and a topic.
	const row = (what, act) => it(what, async () => {
		const front = await startFront(site);
		const context = await browser.newContext();
		const topic = `https://example.com/${serial++}`;
		const tab = async (attributes = {}) => openTab(context,
			front.url + await writePage(site, `page${serial++}.html`,
				{ topics: [topic], share: "none", ...attributes }));
		const publish = async (...data) => {
			for (const text of data)
				await site.publish("--private", topic, text);
		};

		try {
			await act({ front, context, tab, topic, publish });
		} finally {
			await context.close();
			front.stop();
		}
	});

	const tells = (page, kind, condition = () => true) =>
		waitUntil(`it tells ${kind}`, async () =>
			(await told(page, kind)).find(condition));

	// The visitor's cookie: its token may expire, it does not.
	async function setCookie(context, value) {
		await context.addCookies([{ name: "mercureAuthorization", value,
			domain: "127.0.0.1", path: "/.well-known/mercure" }]);
	}
	const token = async (lifetime, topic) => (await helper(site.config,
		"subscriber-jwt", `--lifetime=${lifetime}`, "-t", topic)).trim();

	async function missedNothing(page, ...data) {
		await has(page, data.at(-1));
		assert.deepEqual(await got(page), data);
		assert.deepEqual(await told(page, "gap"), []);
	}

	for (const [status, headers] of [[503, {}], [502, {}],
		[429, { "Retry-After": "1" }]]) {
		row(`the hub answers ${status}`,
			async ({ front, context, tab, topic, publish }) => {
			await setCookie(context, await token(60, topic));
			const page = await tab();

			await isOpen(page);
			await publish("1");
			await has(page, "1");
			front.problem = answers(status, headers);
			front.cut();
			await publish("2");
			const { delay } = await tells(page, "retry",
				(detail) => detail.status === status);
			if (status === 429)
				assert.ok(delay >= 1000, `${delay} ms`);
			front.problem = null;
			await publish("3");
			await missedNothing(page, "1", "2", "3");
		});
	}

	// How many streams the hub holds of this topic.
	const holders = async (topic) => JSON.parse(await helper(site.config,
		"subscriptions", "--json")).subscriptions
		.filter((one) => one.topic === topic).length;

	// The page's clock goes on by so many milliseconds at once.
	const pass = (page, ms) => page.clock.runFor(Math.ceil(ms));

	const delays = async (page) => (await told(page, "retry"))
		.map(({ delay }) => delay).filter(Boolean);

	// Wait until the attempt number `n` has failed: how long the page waits now.
	async function failure(page, n) {
		await waitUntil(`it has failed ${n} times`, async () =>
			(await delays(page)).length >= n);
		return (await delays(page))[n - 1];
	}

	// Go to the next attempt each time, until `n` have failed and one is made.
	async function fails(page, n) {
		for (let i = 1; i <= n; i++)
			await pass(page, await failure(page, i));
		return delays(page);
	}

	row("the first stream is refused",
		async ({ front, context, tab, topic, publish }) => {
		await setCookie(context, await token(60, topic));
		await context.clock.install();
		front.problem = (asked, response) => {
			front.problem = null;
			answers(503)(asked, response);
		};
		const page = await tab({ "last-event-id": "earliest" });

		await fails(page, 1);
		await isOpen(page);
		// What waited for the first one must not end the second.
		await pass(page, 60000);
		for (const n of ["1", "2", "3"]) {
			await publish(n);
			await has(page, n);
			assert.equal(await holders(topic), 1);
		}
		await missedNothing(page, "1", "2", "3");
		assert.deepEqual(front.asked.filter((line) =>
			line.includes("delivery=poll")), []);
	});

	row("the hub is away for long",
		async ({ front, context, tab, topic, publish }) => {
		await setCookie(context, await token(60, topic));
		await context.clock.install();
		const page = await tab();

		await isOpen(page);
		await publish("1");
		await has(page, "1");
		front.problem = answers(503);
		front.cut();
		// The last of these is more than a minute later.
		await fails(page, 8);
		const delay = await failure(page, 9);
		await publish("2");
		front.problem = null;
		await pass(page, delay);
		await has(page, "2");
		for (const n of ["3", "4", "5"]) {
			await publish(n);
			await has(page, n);
			assert.equal(await holders(topic), 1);
		}
		await missedNothing(page, "1", "2", "3", "4", "5");
	});

	row("there is no hub", async ({ front, context, tab }) => {
		await context.clock.install();
		front.problem = answers(404);
		const page = await tab();
		const delays = await fails(page, 9);

		for (const [i, delay] of delays.slice(0, 9).entries())
			assert.ok(delay >= 250 << Math.min(i, 7), `${delays}`);
		await waitUntil("it has failed once more", async () =>
			(await told(page, "retry")).length === 10);
		// Each time it was asked what the answer is, and for a stream.
		assert.equal(front.asked.length, 20);
	});

	row("seconds are more than timers can take",
		async ({ front, context, tab, topic, publish }) => {
		const streams = () => front.asked.filter((line) =>
			line.startsWith("GET")).length;
		const refreshed = (page) => page.evaluate(() => performance
			.getEntriesByType("resource")
			.filter(({ name }) => name.endsWith("/x")).length);

		await setCookie(context, await token(60, topic));
		const page = await tab({ refresh: "/x", "refresh-after": 1e10,
			"poll-after": 1e10 });

		await isOpen(page);
		await publish("1", "2", "3");
		await missedNothing(page, "1", "2", "3");
		assert.equal(streams(), 1);
		front.problem = answers(429, { "Retry-After": "9999999999" });
		front.cut();
		const { delay } = await tells(page, "retry",
			({ status }) => status === 429);
		assert.ok(delay < 2 ** 31, `${delay} ms`);
		const before = streams();
		front.problem = null;
		await publish("4");
		const other = await tab({ "last-event-id": "earliest" });
		await has(other, "4");
		assert.equal(streams(), before + 1);
		assert.equal(await refreshed(page), 0);
	});

	// Firefox never keeps a page that has a stream, and its driver waits for ever
	// when a page comes back from memory.
	const keepsPages = (define) => inOnly(["chromium", "webkit"], define);

	keepsPages(row)("the page has closed it, and comes back",
		async ({ front, context, tab, topic, publish }) => {
		await setCookie(context, await token(60, topic));
		const page = await tab();

		await isOpen(page);
		await publish("1");
		await has(page, "1");
		await page.evaluate(() => {
			globalThis.kept = true;
			document.querySelector("[data-topics]").pushcgi.close();
			document.dispatchEvent(new Event("freeze"));
			document.dispatchEvent(new Event("resume"));
		});
		await page.goto(`${front.url}index.html`);
		await page.goBack({ waitUntil: "commit" });
		assert.equal(await page.evaluate(() => globalThis.kept), true);
		await publish("2", "3");
		// Another one in this page hears it, so it would have.
		await page.evaluate((topics) => new Promise((resolve) => {
			new Pushcgi({ topics, share: "none", onupdate: resolve,
				lastEventId: "earliest" });
		}), [topic]);
		assert.deepEqual(await got(page), ["1"]);
	});

	row("the hub answers 401, and there is a new cookie",
		async ({ front, context, tab }) => {
		await setCookie(context, "x.y.z");
		const page = await tab({ topics: [own], refresh });

		await isOpen(page);
		assert.equal(front.statuses[0], 401);
		await site.publish("--private", own, "mine");
		await has(page, "mine");
		await setCookie(context, "x.y.z");
		front.cut();
		await waitUntil("it was refused", () =>
			front.statuses.filter((s) => s === 401).length > 1);
		await site.publish("--private", own, "again");
		await has(page, "again");
		assert.deepEqual(await told(page, "gap"), []);
	});

	row("the hub answers 401, and there is no new cookie",
		async ({ front, context, tab }) => {
		await setCookie(context, "x.y.z");
		const page = await tab();

		assert.deepEqual(await tells(page, "close"), { status: 401 });
		assert.equal(front.asked.length, 1);
	});

	// The visitor has logged out, and the page says so to whoever asks.
	row("the hub answers 401, and the page itself has no new cookie",
		async ({ front, context, tab }) => {
		await setCookie(context, "x.y.z");
		const page = await tab({ refresh: "#" });

		assert.deepEqual(await tells(page, "close"), { status: 401 });
		assert.equal(front.statuses.filter((s) => s === 401).length, 2);
	});

	row("the cookie expires in the middle of a stream",
		async ({ front, context, tab }) => {
		await setCookie(context, await token(2, own));
		const page = await tab({ topics: [own], refresh });

		await isOpen(page);
		await waitUntil("it was refused",
			() => front.statuses.includes(401));
		await site.publish("--private", own, "late");
		await has(page, "late");
	});

	row("a cookie with a lifetime is given, and its token expires",
		async ({ front, context, tab }) => {
		const page = await context.newPage();

		await page.goto(`${front.url}index.html`);
		front.problem = answers(204, { "Set-Cookie": (await helper(
			site.config, "cookie", "--lifetime=2", own)).trim() });
		await page.evaluate(() => fetch("/.well-known/mercure"));
		front.problem = null;
		const [{ value, expires }] = await context.cookies();
		const { exp } = JSON.parse(Buffer.from(value.split(".")[1],
			"base64url"));
		const other = await tab({ topics: [own], refresh });

		assert.ok(expires > exp, `${expires}`);
		await isOpen(other);
		front.problem = answers(503);
		front.cut();
		await waitUntil("the token has expired", () =>
			Date.now() > 1000 * (exp + 2));
		front.problem = null;
		// Without a cookie it would be anybody, who hears nothing.
		await waitUntil("it was refused",
			() => front.statuses.includes(401));
		await site.publish("--private", own, "still");
		await has(other, "still");
	});

	row("the cookie is refreshed before it expires",
		async ({ front, context, tab }) => {
		const first = await token(60, own);

		await setCookie(context, first);
		const page = await tab({ topics: [own], refresh,
			"refresh-after": 1 });

		await isOpen(page);
		await waitUntil("there is another cookie", async () =>
			(await context.cookies())[0].value !== first);
		assert.deepEqual(await told(page, "retry"), []);
		front.cut();
		await tells(page, "retry");
		await site.publish("--private", own, "early");
		await has(page, "early");
		assert.ok(!front.statuses.includes(401), `${front.statuses}`);
	});

	row("the machine slept over the cookie's end",
		async ({ front, context, tab }) => {
		await context.addInitScript(() => {
			const now = Date.now;

			globalThis.slept = 0;
			Date.now = () => now() + slept;
		});
		await setCookie(context, await token(60, own));
		const page = await tab({ topics: [own], refresh,
			"refresh-after": 3600 });

		await isOpen(page);
		await context.clearCookies();
		await page.evaluate(() => { slept = 3600001; });
		front.cut();
		await waitUntil("there is a cookie", async () =>
			(await context.cookies()).length);
		await site.publish("--private", own, "morning");
		await has(page, "morning");
	});

	row("the clock is set", async ({ front, context, tab, topic,
		publish }) => {
		await context.addInitScript(() => {
			const now = Date.now;

			globalThis.wrong = 0;
			Date.now = () => now() + wrong;
		});
		await setCookie(context, await token(60, topic));
		const page = await tab({ refresh: "/x", "refresh-after": 3600 });

		await isOpen(page);
		await page.evaluate(() => { wrong = -864e5; });
		await publish("1");
		front.cut();
		await publish("2");
		await missedNothing(page, "1", "2");
	});

	inOnly(["chromium", "firefox"], row)("the network is cut", async ({ front, context, tab, topic,
		publish }) => {
		await setCookie(context, await token(60, topic));
		const page = await tab();

		await isOpen(page);
		await publish("1");
		await context.setOffline(true);
		front.cut();
		await publish("2");
		await tells(page, "retry");
		await context.setOffline(false);
		await publish("3");
		await missedNothing(page, "1", "2", "3");
	});

	inOnly(["chromium"], row)("the network is slow", async ({ context, tab, topic, publish }) => {
		await setCookie(context, await token(60, topic));
		const page = await tab({ "poll-after": 5 });
		const network = await context.newCDPSession(page);

		await network.send("Network.enable");
		await network.send("Network.emulateNetworkConditions", {
			offline: false, latency: 300, downloadThroughput: 20000,
			uploadThroughput: 5000 });
		await page.reload();
		await isOpen(page);
		const large = Array.from({ length: 15 },
			(_, i) => `${i}${"x".repeat(2000)}`);
		await publish(...large);
		await missedNothing(page, ...large);
	});

	row("the page is told to freeze, and holds the stream of others",
		async ({ context, tab, topic, publish }) => {
		await context.addInitScript(() => {
			delete globalThis.SharedWorker;
		});
		await setCookie(context, await token(60, topic));
		const [leader, other] = [await tab({ share: "same" }),
			await tab({ share: "same" })];
		// What browsers tell a page; they freeze none that is visible, and
		// without a screen all are.
		const tellIt = (event) => leader.evaluate((type) =>
			document.dispatchEvent(new Event(type)), event);

		await isOpen(leader);
		await isOpen(other);
		await publish("1");
		await has(leader, "1");
		await tellIt("freeze");
		await publish("2", "3");
		await missedNothing(other, "1", "2", "3");
		// It has let the stream go, and is told nothing.
		assert.deepEqual(await got(leader), ["1"]);
		await tellIt("resume");
		await publish("4");
		await missedNothing(leader, "1", "2", "3", "4");
		await missedNothing(other, "1", "2", "3", "4");
	});

	for (const share of ["same", "none"]) {
		keepsPages(row)(`the page is left, kept and comes back, ${share}`,
		async ({ front, context, tab, topic, publish }) => {
			await setCookie(context, await token(60, topic));
			const page = await tab({ share });

			await isOpen(page);
			await publish("1");
			await has(page, "1");
			await page.evaluate(() => { globalThis.kept = true; });
			await page.goto(`${front.url}index.html`);
			await publish("2");
			await page.goBack({ waitUntil: "commit" });
			await publish("3");
			assert.equal(await page.evaluate(() => globalThis.kept), true);
			await missedNothing(page, "1", "2", "3");
			// A browser may open a closed stream again by itself.
			await waitUntil("the hub holds one stream", async () =>
				await holders(topic) === 1);
			await publish("4");
			await missedNothing(page, "1", "2", "3", "4");
		});
	}

	row("the page is left and comes back, from memory or loaded again",
		async ({ front, context, tab, topic, publish }) => {
		await setCookie(context, await token(60, topic));
		await publish("0");
		const { id } = (await helper(site.config, "subscribe", "--private",
			"--last-event-id", "earliest", "--count", "1", "--json",
			topic)).split("\n").filter(Boolean).map(JSON.parse)[0];
		const page = await tab({ share: "same", "last-event-id": id });

		await isOpen(page);
		await publish("1");
		await has(page, "1");
		await page.goto(`${front.url}index.html`);
		await publish("2");
		await page.goBack({ waitUntil: "commit" });
		await publish("3");
		await missedNothing(page, "1", "2", "3");
	});
});

describe("pushcgi.js, when the server is another", { concurrency: 3 }, () => {
	let browser;

	before(async () => { browser = await launch(); });
	after(async () => { await browser?.close(); });

	it("the front end holds responses back", async () => {
		const buffers = await startSite("lighttpd", "buffers");
		const context = await browser.newContext();

		try {
			const page = await openTab(context, buffers.url
				+ await writePage(buffers, "page.html",
					{ topics: [topic], "poll-after": 1,
						"last-event-id": "earliest" }));
			await buffers.publish(topic, "1");
			await has(page, "1");
			await buffers.publish(topic, "2");
			await has(page, "2");
			assert.deepEqual(await got(page), ["1", "2"]);
			assert.deepEqual(await told(page, "gap"), []);
		} finally {
			await context.close();
			await buffers.stop();
		}
	});

	it("the hub does not know the last event id any more", async () => {
		const site = await startSite("lighttpd",
			"MERCURE_HUB_RECONCILIATION_LENGTH=20");
		const front = await startFront(site);
		const context = await browser.newContext();
		const tab = async (name, attributes) => openTab(context, front.url
			+ await writePage(site, name, { topics: [topic],
				...attributes }));
		const gaps = (page) => waitUntil("it tells a gap", async () => {
			const all = await told(page, "gap");
			return all.length && all;
		});

		try {
			const page = await tab("one.html");
			await isOpen(page);
			await site.publish(topic, "1");
			await has(page, "1");
			const [{ lastEventId }] = await page.evaluate(() => got);
			front.problem = answers(503);
			front.cut();
			await waitUntil("it was refused", async () => (await
				told(page, "retry")).some(({ status }) =>
				status === 503));
			for (let n = 2; n <= 31; n++)
				await site.publish(topic, `${n}`);
			front.problem = null;
			await has(page, "31");
			assert.deepEqual(await gaps(page), [{ lastEventId }]);
			const all = await got(page);
			assert.deepEqual(all, ["1", ...Array.from({ length: 31 },
				(_, i) => `${i + 1}`).slice(1 - all.length)]);
			// A page may be older than what the hub remembers.
			const old = await tab("old.html", { share: "none",
				"last-event-id": lastEventId });
			assert.deepEqual(await gaps(old), [{ lastEventId }]);
		} finally {
			await context.close();
			front.stop();
			await site.stop();
		}
	});

	it("the hub is of another origin", async () => {
		const here = await startPlain();
		const site = await startSite("lighttpd",
			`MERCURE_CORS_ALLOWED_ORIGINS=${new URL(here.url).origin}`);
		const context = await browser.newContext();
		const [value] = (await helper(site.config, "subscriber-jwt",
			"-t", topic)).split("\n");

		here.page = pageWith({ topics: [topic],
			url: `${site.url}.well-known/mercure`,
			"last-event-id": "urn:uuid:unknown" });
		try {
			await context.addCookies([{ name: "mercureAuthorization",
				value, url: `${site.url}.well-known/mercure` }]);
			const page = await openTab(context, here.url);

			await isOpen(page);
			await site.publish("--private", topic, "mine");
			await has(page, "mine");
			await waitUntil("it tells a gap", async () =>
				(await told(page, "gap")).length);
		} finally {
			await context.close();
			await site.stop();
			here.stop();
		}
	});

	it("the server is any that sends events", async () => {
		const plain = await startPlain(pageWith({ topics: ["x"],
			url: "/events", share: "none" }));
		const context = await browser.newContext();

		try {
			const page = await openTab(context, plain.url);

			await isOpen(page);
			plain.publish("1");
			await has(page, "1");
			// The browser comes back by itself.
			plain.cut();
			plain.publish("2");
			await has(page, "2");
			// It gives up.
			plain.problem = answers(500);
			plain.cut();
			plain.publish("3");
			await waitUntil("it has given up", async () => (await
				told(page, "retry")).some(({ delay }) => delay));
			plain.problem = null;
			await has(page, "3");
			plain.publish("4");
			await has(page, "4");
			assert.deepEqual(await got(page), ["1", "2", "3", "4"]);
			assert.equal(plain.streams(), 1);
		} finally {
			await context.close();
			plain.stop();
		}
	});
});
