// SPDX-License-Identifier: MIT
// wordpress.test.js - Chromium at a real WordPress with the plugin.
// `./quickstart test-all` runs it in a copy, beside tests/browser's support.js.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { helper, launch, source, start, visit, waitUntil }
	from "./support.js";

const cookieName = "wordpress_pushcgi";

describe("WordPress with the plugin", () => {
	let browser, site, facts;
	let posts = 0;

	before(async () => {
		site = start("perl", [join(source, "tests", "wordpress",
			"wordpress.pl"), `MERCURE_SESSION_COOKIE=${cookieName}`,
			"MERCURE_RETRY=100"]);
		facts = await waitUntil("WordPress is ready", () => {
			assert.ok(!site.exited, site.errors);
			const line = /^READY (.*)$/m.exec(site.output);
			return line && JSON.parse(line[1]);
		});
		// Pictures of users would come from elsewhere.
		browser = await launch({ args: [
			"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] });
	});

	after(async () => {
		await browser?.close();
		await site?.stop();
	});

	// What wp-config.php defines.
	const define = (settings) => writeFile(join(facts.folder,
		"settings.json"), JSON.stringify(settings));

	const bySession = { PUSHCGI_SESSION_COOKIE: cookieName };

	async function sessions() {
		return (await helper(facts.config, "session", "list")).split("\n")
			.filter((line) => line).length;
	}

	// What the page's list shows.
	const shown = (page) =>
		page.locator("#pushcgi-list li").allTextContents();

	async function shows(page, text) {
		await waitUntil(`the page shows ${text}`, async () =>
			(await shown(page)).includes(text));
		return shown(page);
	}

	const isListening = (page) => waitUntil("the page listens", () =>
		page.evaluate(() => document.documentElement.dataset.open));

	// Another visitor at the site's first page, who listens.
	async function visitor() {
		const page = await visit(browser, "about:blank");

		await page.context().addInitScript(() =>
			document.addEventListener("pushcgi:open", () => {
				document.documentElement.dataset.open = "yes";
			}));
		await page.goto(facts.url);
		await isListening(page);
		return page;
	}

	// Not by who is logged in: the form empties itself then.
	async function enter(page, name = facts.user,
		password = facts.password) {
		await page.goto(`${facts.url}wp-login.php`);
		// The page's script selects the first field a moment later, and
		// what is typed meanwhile can be lost.
		await page.waitForFunction(() =>
			document.activeElement?.id === "user_login");
		await page.fill("#user_login", name);
		await page.fill("#user_pass", password);
		await page.click("#wp-submit");
		await page.waitForURL(/wp-admin/, { waitUntil: "commit" });
	}

	async function loggedIn(...who) {
		const page = await visitor();

		await enter(page, ...who);
		await page.goto(facts.url);
		await isListening(page);
		return page;
	}

	// By WordPress's REST API, as its editor does.
	async function ask(page, method, route, fields) {
		const { status, body } = await page.evaluate(
			async ([url, how, path, values]) => {
				const nonce = await (await fetch(`${url}wp-admin/`
					+ "admin-ajax.php?action=rest-nonce")).text();
				const answer = await fetch(
					`${url}index.php?rest_route=${path}`, {
						method: how,
						headers: { "X-WP-Nonce": nonce,
							"Content-Type": "application/json" },
						body: values && JSON.stringify(values),
					});
				return { status: answer.status,
					body: await answer.json() };
			}, [facts.url, method, route, fields]);

		assert.ok(status < 300, JSON.stringify(body));
		return body;
	}

	const write = (page, title, fields = {}) => ask(page, "POST",
		"/wp/v2/posts", { title, status: "publish", ...fields });

	// A public post that all pages show; then, what they show.
	async function marked(writer, ...pages) {
		const title = `marker ${++posts}`;

		await write(writer, title);
		return Promise.all(pages.map((page) => shows(page, title)));
	}

	const without = (list) => list.filter((text) => !/^marker/.test(text));

	async function logOut(page) {
		const tab = await page.context().newPage();

		await tab.goto(`${facts.url}wp-login.php?action=logout`);
		await tab.click("a[href*='action=logout']");
		await tab.waitForURL(/loggedout/);
		await tab.close();
	}

	const close = (...pages) => Promise.all(pages.map((page) =>
		page.context().close()));

	it("posts and comments appear where they may be seen", async () => {
		await define(bySession);
		const admin = await loggedIn();
		const anybody = await visitor();

		const draft = await write(admin, "A <b>post</b> & more",
			{ status: "draft" });
		await ask(admin, "POST", `/wp/v2/posts/${draft.id}`,
			{ status: "publish" });
		await shows(anybody, "A post & more");
		await write(admin, "For few", { status: "private" });
		await shows(admin, "Private: For few");
		await write(admin, "With a word", { password: "word" });
		await shows(admin, "Protected: With a word");
		assert.deepEqual(await marked(admin, anybody).then(([list]) =>
			without(list)), ["A post & more"]);

		// A stranger's first comment waits for approval.
		const stranger = await visit(browser, draft.link);
		await stranger.fill("#comment", "Well <i>said</i>");
		await stranger.fill("#author", "Eve");
		await stranger.fill("#email", "eve@example.com");
		await stranger.click("#submit");
		await stranger.waitForURL(/unapproved|#comment/);
		const [waiting] = await ask(admin, "GET",
			"/wp/v2/comments&status=hold");
		assert.deepEqual(await marked(admin, anybody).then(([list]) =>
			without(list)), ["A post & more"]);
		await ask(admin, "POST", `/wp/v2/comments/${waiting.id}`,
			{ status: "approved" });
		await shows(anybody, "A post & more – Eve: Well said");
		assert.ok(!(await anybody.content()).includes("eve@example.com"));

		await ask(admin, "DELETE", `/wp/v2/comments/${waiting.id}`);
		await waitUntil("the comment is gone", async () =>
			!(await shown(anybody)).some((text) => /Eve/.test(text)));
		await ask(admin, "POST", `/wp/v2/posts/${draft.id}`,
			{ status: "private" });
		await shows(admin, "Private: A post & more");
		await waitUntil("the post is gone", async () =>
			!without(await shown(anybody)).length);
		await close(admin, anybody, stranger);
	});

	it("an author gets private posts of his own only", async () => {
		const admin = await loggedIn();
		const user = await ask(admin, "POST", "/wp/v2/users", {
			username: "ann", email: "ann@example.com",
			password: "ann's long password", roles: ["author"] });
		const author = await loggedIn("ann", "ann's long password");

		await write(admin, "For few", { status: "private" });
		await write(admin, "Hers",
			{ status: "private", author: user.id });
		const [hers, all] = await marked(admin, author, admin);
		assert.deepEqual(without(hers), ["Private: Hers"]);
		assert.deepEqual(without(all),
			["Private: For few", "Private: Hers"]);

		// Another role: what the old one allowed is taken back at once.
		await ask(admin, "POST", `/wp/v2/users/${user.id}`,
			{ roles: ["editor"] });
		await author.goto(facts.url);
		await isListening(author);
		await write(admin, "For more", { status: "private" });
		await shows(author, "Private: For more");
		await ask(admin, "POST", `/wp/v2/users/${user.id}`,
			{ roles: ["subscriber"] });
		await write(admin, "Not for more", { status: "private" });
		const [fewer] = await marked(admin, author);
		assert.deepEqual(without(fewer), ["Private: For more"]);

		await author.goto(facts.url);
		const had = await sessions();
		await ask(admin, "DELETE",
			`/wp/v2/users/${user.id}&force=true&reassign=1`);
		assert.equal(await sessions(), had - 1);
		await close(admin, author);
	});

	it("a log-out ends what the session had", async () => {
		const writer = await loggedIn();
		const had = await sessions();
		const admin = await loggedIn();

		assert.equal(await sessions(), had + 1);
		await write(writer, "For few", { status: "private" });
		await shows(admin, "Private: For few");
		await logOut(admin);
		assert.equal(await sessions(), had);
		const cookies = await admin.context().cookies(facts.url);
		assert.ok(!cookies.some(({ name }) => name === cookieName));
		await write(writer, "Too late", { status: "private" });
		const [list] = await marked(writer, admin);
		assert.deepEqual(without(list), ["Private: For few"]);
		await close(writer, admin);
	});

	for (const [what, how] of [
		["logged out everywhere else", async (page) => {
			await page.goto(`${facts.url}wp-admin/profile.php`);
			await page.click("#destroy-sessions");
			await page.waitForSelector(".notice-success");
		}],
		["another password", (page) => ask(page, "POST",
			"/wp/v2/users/me", { password: facts.password })],
	])
		it(`${what}: the others' streams are as anybody's`, async () => {
			const here = await loggedIn();
			const elsewhere = await loggedIn();

			await write(here, "For few", { status: "private" });
			await shows(elsewhere, "Private: For few");
			await how(here);
			await here.goto(facts.url);
			await isListening(here);
			await write(here, "Too late", { status: "private" });
			await shows(here, "Private: Too late");
			const [list] = await marked(here, elsewhere);
			assert.deepEqual(without(list), ["Private: For few"]);
			await close(here, elsewhere);
		});

	const refresh = (page, query) => page.evaluate(
		async ([selector, wanted]) => {
			const url = new URL(document.querySelector(selector)
				.dataset.refresh);
			if (wanted === "no nonce")
				url.searchParams.delete("_wpnonce");
			return (await fetch(url)).status;
		}, ["script[data-refresh]", query]);

	it("the refresh route grants again what has been lost", async () => {
		const writer = await loggedIn();
		const admin = await loggedIn();
		const had = await sessions();
		const [cookie] = (await admin.context().cookies(facts.url))
			.filter(({ name }) => name === cookieName);

		await admin.context().clearCookies({ name: cookieName });
		assert.equal(await refresh(admin, "no nonce"), 401);
		assert.equal(await refresh(admin), 204);
		const [again] = (await admin.context().cookies(facts.url))
			.filter(({ name }) => name === cookieName);
		assert.equal(again.value, cookie.value);
		assert.ok(again.httpOnly);
		assert.equal(await sessions(), had);
		await logOut(admin);
		assert.ok([401, 403].includes(await refresh(admin)));
		assert.equal(await sessions(), had - 1);
		await close(writer, admin);
	});

	it("without a session cookie there is a token", async () => {
		await define({ PUSHCGI_WP_LIFETIME: 20 });
		const had = await sessions();
		const admin = await loggedIn();
		const anybody = await visitor();
		const hub = `${facts.url}.well-known/mercure`;
		const token = async () => (await admin.context().cookies(hub))
			.find(({ name }) => name === "mercureAuthorization");

		const first = await token();
		assert.ok(first);
		await write(admin, "By token", { status: "private" });
		await shows(admin, "Private: By token");
		await waitUntil("the page has asked for another", async () =>
			(await token())?.value !== first.value);
		await write(admin, "By another", { status: "private" });
		await shows(admin, "Private: By another");
		const [list] = await marked(admin, anybody);
		assert.deepEqual(without(list), []);
		await admin.context().clearCookies(
			{ name: "mercureAuthorization" });
		assert.equal(await refresh(admin), 204);
		assert.ok(await token());
		await logOut(admin);
		assert.equal(await token(), undefined);
		assert.equal(await sessions(), had);
		await close(admin, anybody);
	});

	it("the site works without the hub", async () => {
		await define({ ...bySession, PUSHCGI_SCRIPT_URL: "/none.js" });
		const admin = await visit(browser, facts.url);
		await writeFile(join(facts.folder, "..", "pushcgi"),
			"#!/bin/sh\nexit 1\n");
		await enter(admin);
		const post = await write(admin, "Nevertheless");
		await admin.goto(post.link);
		assert.match(await admin.content(), /Nevertheless/);
		await close(admin);
	});
});
