// SPDX-License-Identifier: MIT
// webkit_page.js - what the tests use of Playwright's pages, for WebDriver.
import { readFile } from "node:fs/promises";
import { DEADLINE_MS } from "./support.js";

// How elements are found, in the page: the steps that led to a locator.
const FIND = `function (steps) {
	function name(e) {
		var by = e.getAttribute("aria-labelledby");

		return (e.getAttribute("aria-label")
			|| (by && document.getElementById(by).textContent)
			|| e.textContent).trim();
	}

	return steps.reduce(function (roots, step) {
		var found = [];

		roots.forEach(function (root) {
			found.push.apply(found, Array.from(
				root.querySelectorAll(step.selector)));
		});
		found = found.filter(function (e) {
			var text = e.textContent;

			return (!step.hasText || text.includes(step.hasText))
				&& (!step.name || name(e) === step.name)
				&& (!step.label || (step.exact
					? text.trim() === step.label
					: text.includes(step.label)));
		});
		return step.label === undefined ? found
			: found.map(function (e) { return e.control; })
				.filter(Boolean);
	}, [document]);
}`;

const ROLES = { region: "section", log: "[role=log]", listitem: "li",
	button: "button" };

const sleep = () => new Promise((resolve) => setTimeout(resolve, 50));

class Locator {
	constructor(page, steps) {
		this.page = page;
		this.steps = steps;
	}

	step(step) {
		return new Locator(this.page, [...this.steps, step]);
	}

	locator(selector, { hasText } = {}) {
		return this.step({ selector, hasText });
	}

	getByRole(role, { name } = {}) {
		return this.step({ selector: ROLES[role], name });
	}

	// What `body` returns, with the elements as `all`.
	all(body) {
		return this.page.evaluate(`function (steps) {
			var all = (${FIND})(steps);
			${body}
		}`, this.steps);
	}

	async until(body, condition) {
		const end = Date.now() + DEADLINE_MS;

		for (;;) {
			const result = await this.all(body);

			if (condition(result))
				return result;
			if (Date.now() > end)
				throw new Error("gave up waiting for "
					+ JSON.stringify(this.steps));
			await sleep();
		}
	}

	// What `body` returns for the first element, once there is one.
	async first(body) {
		const { value } = await this.until(`var e = all[0];
			return e && { value: (function () { ${body} })() };`,
			Boolean);

		return value;
	}

	textContent() {
		return this.first("return e.textContent");
	}

	getAttribute(name) {
		return this.first(
			`return e.getAttribute(${JSON.stringify(name)})`);
	}

	allTextContents() {
		return this.all("return all.map(function (e) "
			+ "{ return e.textContent; })");
	}

	count() {
		return this.all("return all.length");
	}

	inputValue() {
		return this.first("return e.value");
	}

	fill(text) {
		return this.first(`e.value = ${JSON.stringify(text)};
			e.dispatchEvent(new Event("input", { bubbles: true }));`);
	}

	click() {
		return this.first("e.click()");
	}

	async waitFor({ state = "visible" } = {}) {
		const gone = state === "detached" || state === "hidden";

		await this.until(`return all.filter(function (e) {
			return e.getClientRects().length; }).length`,
			(n) => gone ? n === 0 : n > 0);
	}
}

export class Page {
	constructor(context, handle) {
		this.owner = context;
		this.handle = handle;
		this.clock = { runFor: (ms) =>
			this.evaluate((span) => __runFor(span), ms) };
	}

	context() {
		return this.owner;
	}

	// A waiting step has the same deadline everywhere.
	setDefaultTimeout() {}

	// Act in this page's window.
	act(method, path, body) {
		const { session } = this.owner;

		return session.alone(async () => {
			await session.send("POST", "/window",
				{ handle: this.handle });
			return session.send(method, path, body);
		});
	}

	// The driver has no scripts of its own for new pages: the pages of these
	// tests run what their fragment says.  The address may be another page's
	// url(), which comes later here.
	async goto(address) {
		const url = String(await address);
		const { scripts } = this.owner;
		const first = scripts.map((script) => `(${script})();`).join("\n");

		await this.act("POST", "/url", { url: first === "" ? url
			: url.replace(/#.*/, "")
				+ `#init=${encodeURIComponent(first)}` });
	}

	goBack() {
		return this.act("POST", "/back", {});
	}

	reload() {
		return this.act("POST", "/refresh", {});
	}

	title() {
		return this.act("GET", "/title");
	}

	async url() {
		return (await this.act("GET", "/url")).replace(/#init=.*/, "");
	}

	content() {
		return this.act("GET", "/source");
	}

	close() {
		return this.act("DELETE", "/window");
	}

	async evaluate(script, argument) {
		const result = await this.act("POST", "/execute/async", {
			script: `var argument = arguments[0], done = arguments[1];
			(async function () { return (${script})(argument); })()
				.then(function (value) {
					// Without what JSON cannot carry: events, elements.
					try {
						value = JSON.parse(
							JSON.stringify(value));
					} catch (error) {
						value = null;
					}
					done({ value: value });
				}, function (error) {
					done({ error: String(error) });
				});`,
			args: [argument ?? null],
		});

		if (result?.error)
			throw new Error(result.error);
		return result?.value ?? undefined;
	}

	locator(selector, { hasText } = {}) {
		return new Locator(this, [{ selector, hasText }]);
	}

	getByRole(role, { name } = {}) {
		return new Locator(this, [{ selector: ROLES[role], name }]);
	}

	getByLabel(label, { exact } = {}) {
		return new Locator(this, [{ selector: "label", label, exact }]);
	}

	fill(selector, text) {
		return this.locator(selector).fill(text);
	}

	click(selector) {
		return this.locator(selector).click();
	}

	inputValue(selector) {
		return this.locator(selector).inputValue();
	}

	async addScriptTag({ path }) {
		await this.evaluate((text) => {
			const script = document.createElement("script");

			script.textContent = text;
			document.head.append(script);
		}, await readFile(path, "utf8"));
	}
}
