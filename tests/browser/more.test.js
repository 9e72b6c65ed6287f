// SPDX-License-Identifier: MIT
// more.test.js - pushcgi-more.js: warnings, rights, presence, counts and HTML in a page.
import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer as createTls } from "node:https";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe, it } from "node:test";
import { answers, startFront, startPlain } from "./jsfront.js";
import { got, has, isOpen, openTab, pageWith, startSite, told, warnings,
	writePage } from "./jspage.js";
import { freePort, helper, launch, run, source, temporaryFolder, waitUntil }
	from "./support.js";

const path = "/.well-known/mercure";
let browser, site, serial = 0;

before(async () => {
	site = await startSite("lighttpd", "MERCURE_RETRY=100",
		"MERCURE_POLL_WAIT=1",
		"MERCURE_COUNTS=https://example.com/more/{id}");
	browser = await launch();
});
after(async () => {
	await browser?.close();
	await site?.stop();
});

// A visitor and a topic for each test, and a front end of its own.
const row = (what, act) => it(what, async () => {
	const front = await startFront(site);
	const context = await browser.newContext({ ignoreHTTPSErrors: true });
	const topic = `https://example.com/more/${serial++}`;
	const tab = async (attributes = {}, ...more) => openTab(context,
		front.url + await writePage(site, `more${serial++}.html`,
			{ topics: [topic], ...attributes }, ...more));

	try {
		await act({ front, context, tab, topic });
	} finally {
		await context.close();
		front.stop();
	}
});

const tells = (page, kind, n = 1) => waitUntil(`it tells ${kind} ${n} times`,
	async () => {
		const all = await told(page, kind);

		return all.length >= n && all;
	});

const warns = (page, words) => waitUntil(`it warns of ${words}`, async () =>
	(await warnings(page)).find((text) => words.test(text)));

const setCookie = (context, value) => context.addCookies([{ value,
	name: "mercureAuthorization", domain: "127.0.0.1", path }]);

async function token(topics, payload, lifetime = 600) {
	const flags = topics.flatMap((topic) => ["-t", topic]);

	if (payload)
		flags.push("--payload", JSON.stringify(payload));
	return (await helper(site.config, "subscriber-jwt",
		`--lifetime=${lifetime}`, ...flags)).trim();
}

// The topic of the events about the topic's subscriptions.
const events = (topic) =>
	`${path}/subscriptions/${encodeURIComponent(topic)}{/subscriber}`;

describe("a page is warned once of", { concurrency: 4 }, () => {
	const command = (page, url) => page.evaluate((hub) =>
		`pushcgi check --origin=${location.origin} ${hub}`, url);

	for (const [status, words] of [[404, /no hub at this URL \(404\)/],
		[503, /web server cannot reach it \(503\)/],
		[429, /MERCURE_MAX_CONNECTIONS/],
		[418, /answered by something else \(418\)/]])
		row(`${status}`, async ({ front, tab }) => {
			front.problem = answers(status);
			const pages = [await tab(), await tab()];

			let text;

			for (const page of pages) {
				text = await warns(page, words);
				assert.ok(text.endsWith(await command(page,
					new URL(path, front.url).href)), text);
			}
			// It goes on, and does not repeat it.
			for (const page of pages) {
				await tells(page, "retry", 4);
				assert.deepEqual(await warnings(page), [text]);
			}
		});

	for (const status of [401, 403])
		row(`the final answer ${status}`, async ({ front, tab }) => {
			front.problem = answers(status);
			for (const page of [await tab(), await tab()]) {
				await tells(page, "close");
				await warns(page, new RegExp(`\\(${status}\\)`));
			}
		});

	row("503, though the script for it came late", async ({ front, tab }) => {
		let asked = 0, come;
		const comes = new Promise((resolve) => { come = resolve; });

		front.problem = answers(503);
		front.late = (url) => {
			if (!url.endsWith("/pushcgi-more.js"))
				return null;
			asked++;
			return comes;
		};
		const page = await tab();
		// It is asked for by the first warnings.
		await tells(page, "retry", 4);
		assert.ok(asked);
		await page.evaluate(() => {
			globalThis.loads = 0;
			document.addEventListener("load", ({ target }) => {
				loads += /more\.js$/.test(target.src);
			}, true);
		});
		come();
		await waitUntil("all scripts have come", () => page.evaluate(() =>
			loads === document.querySelectorAll(
				"script[src$='more.js']").length));
		const text = await warns(page, /\(503\)/);
		assert.deepEqual(await warnings(page), [text]);
	});

	row("nothing while a hub is started again", async ({ front, tab }) => {
		const page = await tab();

		await isOpen(page);
		let failed = 0;
		front.problem = (asked, response) => {
			failed++;
			front.problem = null;
			answers(503)(asked, response);
		};
		front.cut();
		await waitUntil("it is open again", async () =>
			failed && (await told(page, "open")).length > 1);
		assert.deepEqual(await warnings(page), []);
	});

	row("a host where nobody answers", async ({ tab }) => {
		const url = `http://127.0.0.1:${await freePort()}${path}`;
		const page = await tab({ url });
		const text = await warns(page, /no answer from 127\.0\.0\.1:/);

		assert.ok(text.endsWith(await command(page, url)), text);
	});

	row("an origin that is not listed", async ({ tab }) => {
		const page = await tab({ url: site.url + path.slice(1) });

		await warns(page, /MERCURE_CORS_ALLOWED_ORIGINS/);
	});

	row("a front end that holds back", async ({ front, tab }) => {
		// The answer to GET comes with its end only.
		const pass = front.problem;
		front.problem = (asked, response) => {
			if (asked.method === "GET" && !/poll/.test(asked.url))
				return;
			front.problem = pass;
			answers(200, { "Content-Type": "text/event-stream" })(asked,
				response);
			front.problem = null;
		};
		const page = await tab({ "poll-after": 1,
			"last-event-id": "earliest" });

		await warns(page, /holds the stream back/);
	});

	it("a certificate that is not trusted, and mixed content", async () => {
		const folder = await temporaryFolder();
		const files = ["key", "cert"].map((name) => join(folder.path, name));
		await run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
			"-keyout", files[0], "-out", files[1], "-days", "2",
			"-subj", "/CN=nobody.example");
		const [key, cert] = await Promise.all(files.map((name) =>
			readFile(name)));
		const http = await startPlain();
		const https = await startPlain("", (act) =>
			createTls({ key, cert }, act));
		const contexts = [await browser.newContext(),
			await browser.newContext({ ignoreHTTPSErrors: true })];

		http.page = pageWith({ topics: ["x"], url: `${https.url}hub` });
		https.page = pageWith({ topics: ["x"],
			url: "http://hub.example/hub" });
		try {
			await warns(await openTab(contexts[0], http.url),
				/browsers do not trust its certificate/);
			await warns(await openTab(contexts[1], https.url),
				/Mixed content/);
		} finally {
			for (const context of contexts)
				await context.close();
			http.stop();
			https.stop();
			await folder.remove();
		}
	});
});

describe("the rights of a page", { concurrency: 4 }, () => {
	row("are lost, which each of its tabs is told once", async ({ front,
		context, tab, topic }) => {
		await setCookie(context, await token([topic]));
		const pages = [await tab({ private: true }),
			await tab({ private: true })];

		for (const page of pages) {
			await isOpen(page);
			await tells(page, "rights");
		}
		await context.clearCookies();
		for (let n = 2; n < 4; n++) {
			front.cut();
			for (const page of pages)
				await tells(page, "open", n);
		}
		for (const page of pages) {
			await tells(page, "anonymous");
			await warns(page, /may not receive private updates any more/);
		}
		// Public updates arrive nevertheless.
		await site.publish(topic, "public");
		for (const page of pages) {
			await has(page, "public");
			assert.deepEqual(await told(page, "anonymous"), [{}]);
			assert.equal((await warnings(page)).length, 1,
				`${await warnings(page)}`);
		}
	});

	row("are not there from the start", async ({ tab }) => {
		await tells(await tab({ private: true }), "anonymous");
	});

	row("were never there", async ({ front, tab }) => {
		const page = await tab({ "refresh": "/x", "refresh-after": 600 });

		await isOpen(page);
		front.cut();
		await tells(page, "open", 2);
		await tells(page, "rights", 2);
		assert.deepEqual(await told(page, "anonymous"), []);
	});

	// What the example application grants.
	const own = "https://example.com/php";

	row("come back from the refresh URL", async ({ front, context, tab }) => {
		const attributes = { topics: [own], private: true,
			refresh: "/app/example.php" };
		await setCookie(context, await token([own]));
		const pages = [await tab(attributes), await tab(attributes)];

		for (const page of pages)
			await isOpen(page);
		await context.clearCookies();
		front.cut();
		await waitUntil("there is a cookie", async () =>
			(await context.cookies()).length);
		for (const page of pages)
			await waitUntil("it has rights", async () =>
				(await told(page, "rights")).at(-1)?.of === "token");
		await site.publish("--private", own, "again");
		for (const page of pages) {
			await has(page, "again");
			assert.deepEqual(await told(page, "anonymous"), []);
		}
	});

	row("do not come back", async ({ front, context, tab, topic }) => {
		await setCookie(context, await token([topic]));
		const page = await tab({ private: true, refresh: "/none" });

		await isOpen(page);
		await context.clearCookies();
		front.cut();
		await tells(page, "anonymous");
		await site.publish(topic, "public");
		await has(page, "public");
	});
});

describe("types and modules", { concurrency: 4 }, () => {
	row("a connection's events are not updates", async ({ front, tab,
		topic }) => {
		const page = await tab({ types: ["open", "error"], share: "none" });

		await isOpen(page);
		front.cut();
		await tells(page, "open", 2);
		await site.publish("--type", "error", topic, "1");
		await site.publish("--type", "open", topic, "2");
		await has(page, "2");
		assert.deepEqual(await got(page), ["1", "2"]);
	});

	row("it is a module", async ({ tab, topic }) => {
		const page = await tab({}, "", 'type="module"');

		await isOpen(page);
		await site.publish(topic, "1");
		await has(page, "1");
		assert.deepEqual(await page.evaluate(() => [
			typeof document.querySelector("[data-topics]").pushcgi.close,
			warned]), ["function", []]);
	});

	row("a module imports it", async ({ tab, topic }) => {
		const page = await tab({ topics: "" }, `<script type="module">
import "/app/pushcgi.js?imported";
pushcgi.subscribe(${JSON.stringify(topic)}, (update) => got.push(update), {
	count: true, onopen: () => told.push(["open", {}]) });
</script>`);

		await isOpen(page);
		await site.publish(topic, "1");
		await has(page, "1");
		assert.equal(await page.evaluate(() =>
			typeof pushcgiMore.extend), "function");
	});

	row("the second script is not installed", async ({ context, front,
		topic }) => {
		const folder = join(site.folder, `alone${serial++}`);

		await mkdir(folder);
		await copyFile(join(source, "templates/js/pushcgi.js"),
			join(folder, "pushcgi.js"));
		const name = await writePage(site, `more${serial++}.html`,
			{ topics: [topic], presence: true }, "",
			`src="/${folder.split("/").at(-1)}/pushcgi.js"`);
		const page = await openTab(context, front.url + name);
		await isOpen(page);
		await site.publish(topic, "1");
		await has(page, "1");
	});
});

describe("presence", { concurrency: 4 }, () => {
	const names = async (page) => (await told(page, "here")).at(-1)
		?.map(({ payload }) => payload.name).sort();
	const sees = (page, ...all) => waitUntil(`it sees ${all}`, async () =>
		`${await names(page)}` === `${all}`);

	// Another visitor, who is in the room.
	async function enter(topic, name, url, attributes = {}) {
		const context = await browser.newContext();

		await setCookie(context, await token([topic, events(topic)],
			{ name }));
		const page = await openTab(context, url + await writePage(site,
			`more${serial++}.html`, { topics: [topic], presence: true,
				"leave-after": 0, ...attributes }));
		await isOpen(page);
		return page;
	}

	// Who else has come.  A page's own stream may be listed after its first list,
	// and the page is told of that, too.
	const joins = async (page, own) => (await told(page, "join"))
		.filter(({ payload }) => payload.name !== own);

	row("tells who is here, who comes and who leaves", async ({ front,
		topic }) => {
		const ann = await enter(topic, "Ann", front.url);
		await sees(ann, "Ann");
		const ben = await enter(topic, "Ben", front.url);
		await sees(ann, "Ann", "Ben");
		await sees(ben, "Ann", "Ben");
		const [joined] = await joins(ann, "Ann");
		assert.deepEqual([joined.topic, joined.payload],
			[topic, { name: "Ben" }]);
		assert.match(joined.subscriber, /^urn:/);
		await ben.context().close();
		await sees(ann, "Ann");
		assert.deepEqual((await told(ann, "leave"))
			.map(({ payload }) => payload.name), ["Ben"]);
		// They are not updates.
		await site.publish("--private", topic, "text");
		await has(ann, "text");
		assert.deepEqual(await got(ann), ["text"]);
		await ann.context().close();
	});

	row("counts a visitor once, and strangers never", async ({ front, tab,
		topic }) => {
		const ann = await enter(topic, "Ann", front.url);
		const ben = await enter(topic, "Ben", front.url, { share: "none" });
		await sees(ann, "Ann", "Ben");
		const other = await openTab(ben.context(), ben.url());
		await sees(other, "Ann", "Ben");
		const stranger = await tab({ share: "none" });
		await isOpen(stranger);
		await ben.close();
		const eve = await enter(topic, "Eve", front.url);
		await sees(ann, "Ann", "Ben", "Eve");
		assert.deepEqual((await joins(ann, "Ann"))
			.map(({ payload }) => payload.name), ["Ben", "Eve"]);
		assert.deepEqual(await told(ann, "leave"), []);
		for (const page of [ann, other, eve])
			await page.context().close();
	});

	row("is quiet when all reconnect", async ({ front, topic }) => {
		const stay = { "leave-after": 60 };
		const ann = await enter(topic, "Ann", front.url, stay);
		const ben = await enter(topic, "Ben", front.url, stay);

		for (const page of [ann, ben])
			await sees(page, "Ann", "Ben");
		for (let n = 2; n < 4; n++) {
			front.cut();
			for (const page of [ann, ben])
				await tells(page, "open", n);
		}
		const eve = await enter(topic, "Eve", front.url, stay);
		for (const page of [ann, ben]) {
			await sees(page, "Ann", "Ben", "Eve");
			assert.deepEqual(await told(page, "leave"), []);
		}
		assert.deepEqual((await joins(ben, "Ben"))
			.map(({ payload }) => payload.name), ["Eve"]);
		for (const page of [ann, ben, eve])
			await page.context().close();
	});

	row("needs a right", async ({ context, tab, topic }) => {
		await setCookie(context, await token([topic]));
		const page = await tab({ presence: true });

		await warns(page, /may not see who is connected/);
		assert.deepEqual(await told(page, "here"), []);
	});
});

describe("counts", { concurrency: 4 }, () => {
	const shows = (page, selector, text) => waitUntil(
		`${selector} is ${text}`, () => page.evaluate(([what, wanted]) =>
			[...document.querySelectorAll(what)].map((e) =>
				e.textContent).join() === wanted, [selector, text]));

	row("are shown, also in a second tab and after a reconnect", async ({
		front, tab, topic }) => {
		const attributes = { count: ".n", "last-event-id": "earliest" };
		const html = "<b class=n></b><i class=n></i>";

		await site.publish(topic, "early");
		const page = await tab(attributes, html);
		await shows(page, ".n", "1,1");
		const second = await tab(attributes, html);
		await shows(second, ".n", "1,1");
		await has(second, "early");
		const other = await browser.newContext();
		const third = await openTab(other, second.url());
		for (const each of [page, second, third])
			await shows(each, ".n", "2,2");
		await other.close();
		await shows(page, ".n", "1,1");
		front.cut();
		await tells(page, "open", 2);
		await site.publish(topic, "late");
		for (const each of [page, second]) {
			await has(each, "late");
			assert.deepEqual(await got(each), ["early", "late"]);
			assert.deepEqual((await told(each, "count"))[0],
				{ topic, count: 1 });
		}
	});

	row("of several topics stand in their elements", async ({ tab, topic }) => {
		const named = `${topic}x`;
		const page = await tab({ count: "b" },
			`<b></b><b data-topic="${named}">none</b>`);

		await shows(page, "b", "1,0");
		const other = await tab({ topics: [named], share: "none" });
		await isOpen(other);
		await shows(page, "b", "1,1");
	});

	row("are for listed topics only", async ({ tab }) => {
		await warns(await tab({ topics: ["https://example.com/secret"],
			count: "b" }, "<b></b>"), /MERCURE_COUNTS must list/);
	});
});

describe("HTML of updates", { concurrency: 4 }, () => {
	const inner = (page, selector) => page.evaluate((text) =>
		document.querySelector(text).innerHTML, selector);

	row("replaces an element's", async ({ tab, topic }) => {
		const page = await tab({ target: "#a" }, "<p id=a>old</p>");

		await isOpen(page);
		await site.publish(topic, "<b>1</b>");
		await site.publish(topic, "<b>2</b>");
		await has(page, "<b>2</b>");
		assert.equal(await inner(page, "#a"), "<b>2</b>");
	});

	row("is added, for each type to its element", async ({ tab, topic }) => {
		const page = await tab({ swap: "prepend", types: ["x"],
			target: { message: "#a", x: ".b" } },
		"<ul id=a></ul><ul class=b></ul><ul class=b></ul>");

		await isOpen(page);
		for (const n of [1, 2])
			await site.publish(topic, `<li>${n}</li>`);
		await site.publish("--type", "x", topic, "<li>3</li>");
		await has(page, "<li>3</li>");
		assert.equal(await inner(page, "#a"), "<li>2</li><li>1</li>");
		assert.equal(await page.evaluate(() => [...document
			.querySelectorAll(".b")].map((e) => e.innerHTML).join()),
		"<li>3</li>,<li>3</li>");
	});

	row("works with htmx", async ({ tab, topic }) => {
		await copyFile(fileURLToPath(new URL(
			"node_modules/htmx.org/dist/htmx.min.js", import.meta.url)),
		join(site.folder, "htmx.min.js"));
		await writeFile(join(site.folder, "part.html"), "<i>part</i>");
		const page = await tab({ target: "#a", swap: "append" },
			'<div id=a></div><script src="/htmx.min.js"></script>');

		await isOpen(page);
		await site.publish(topic,
			'<button hx-get="/part.html" hx-target="#a">x</button>');
		await page.locator("#a button").click();
		await waitUntil("htmx has loaded it", async () =>
			(await inner(page, "#a")).includes("<i>part</i>"));
	});
});
