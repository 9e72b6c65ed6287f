// SPDX-License-Identifier: MIT
// versions.js - what of the PHP files runs in which version of PHP, by builds of
// PHP for WebAssembly; prints TAP.
//
// Each version runs in a process of its own: `versions.js VERSION` prints JSON.
import { spawn } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { join, relative } from "node:path";

const require = createRequire(import.meta.url);
const source = process.env.PUSHCGI_SRC ??
	fileURLToPath(new URL("../..", import.meta.url));
const reference = "8.2";
const versions = ["8.2", "5.6", "7.0", "7.1", "7.2", "7.3", "7.4", "8.0", "8.1",
	"8.3", "8.4", "8.5"];
// What a file needs that says no more than "PHP 5.6".
const needs = { "PushcgiHub.php": "7.1", "example-symfony.php": "7.1",
	"chat-php/index.php": "7.3" };

const number = (version) => Number(version.replace(".", "0"));
const minimum = (file) => Object.entries(needs)
	.find(([name]) => file.endsWith(`/${name}`))?.[1] ?? "5.6";

async function phpFiles() {
	const all = await readdir(join(source, "templates"),
		{ recursive: true, withFileTypes: true });
	return all.filter((entry) => entry.isFile() && entry.name.endsWith(".php"))
		.map((entry) => relative(source,
			join(entry.parentPath ?? entry.path, entry.name)))
		.sort();
}

async function start(version) {
	if (version === "5.6") {
		const { NodePHP } = await import("php-wasm-5");
		const php = await NodePHP.load("5.6", { requestHandler:
			{ documentRoot: "/", absoluteUrl: "http://localhost" } });
		php.setPhpIniEntry("allow_url_fopen", "1");
		return php;
	}
	if (/^7\.[0-3]$/.test(version)) {
		// Both by the same copy of the other package.
		const { loadNodeRuntime } = require("php-wasm-7");
		const { PHP } = createRequire(require.resolve("php-wasm-7"))(
			"@php-wasm/universal");
		return new PHP(await loadNodeRuntime(version));
	}
	const { loadNodeRuntime } = await import("@php-wasm/node");
	const { PHP } = await import("@php-wasm/universal");
	return new PHP(await loadNodeRuntime(version,
		{ emscriptenOptions: { processId: process.pid } }));
}

// In the process of a version.
async function act(version) {
	const php = await start(version);
	const run = async (path) => (await php.run({ scriptPath: path })).text;
	const compiled = {};

	php.mkdir("/site");
	for (const file of await phpFiles()) {
		if (number(minimum(file)) > number(version))
			continue;
		const text = await readFile(join(source, file), "utf8");
		// All of it is compiled, and nothing runs.
		php.writeFile("/site/compiled.php", text.replace(/^(#!.*\n)?<\?php/,
			"<?php return 'compiled'; ?>$&"));
		php.writeFile("/site/compile.php", "<?php error_reporting(-1); "
			+ "ini_set('display_errors', '1'); "
			+ "echo require '/site/compiled.php';");
		compiled[file] = await run("/site/compile.php")
			.catch((error) => String(error));
	}
	php.writeFile("/site/pushcgi.php",
		await readFile(join(source, "templates/php/pushcgi.php"), "utf8"));
	php.writeFile("/site/calls.php", await readFile(
		fileURLToPath(new URL("calls.php", import.meta.url)), "utf8"));
	php.writeFile("/site/version.php", "<?php echo PHP_VERSION;");
	const is = await run("/site/version.php");
	return { is, compiled, calls: await run("/site/calls.php") };
}

function ask(version) {
	return new Promise((resolve) => {
		const child = spawn(process.execPath,
			[fileURLToPath(import.meta.url), version],
			{ stdio: ["ignore", "pipe", "pipe"] });
		let out = "", errors = "";
		child.stdout.on("data", (data) => { out += data; });
		child.stderr.on("data", (data) => { errors += data; });
		child.on("close", () => {
			try {
				resolve(JSON.parse(out.slice(out.indexOf("\u0001") + 1)));
			} catch {
				resolve({ failed: errors + out });
			}
		});
	});
}

let count = 0, failed = 0;
function ok(good, name, why) {
	console.log(`${good ? "ok" : "not ok"} ${++count} - ${name}`);
	if (!good) {
		failed++;
		console.log(String(why).slice(0, 4000).replace(/^/gm, "# "));
	}
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

async function main() {
	let wanted;

	for (const version of versions) {
		const got = await ask(version);
		let calls;

		ok(got.is?.startsWith(`${version}.`), `PHP ${version} starts`,
			got.failed ?? got.is);
		for (const [file, said] of Object.entries(got.compiled ?? {}))
			ok(said === "compiled", `PHP ${version}: ${file}`, said);
		try {
			calls = JSON.parse(got.calls);
		} catch {
			ok(false, `PHP ${version}: the calls`, got.calls);
			continue;
		}
		wanted ??= calls;
		ok(calls.notices.length === 0, `PHP ${version}: no notices`,
			calls.notices.join("\n"));
		ok(calls.results.length > 60, `PHP ${version}: all calls`,
			calls.results.length);
		const differ = calls.results.filter((result, i) =>
			!same(result, wanted.results[i])).map((result) =>
			`${JSON.stringify(result)}\nwanted ${JSON.stringify(
				wanted.results.find(([name]) => name === result[0]))}`);
		ok(differ.length === 0, `PHP ${version}: the results of PHP `
			+ reference, differ.join("\n"));
		for (const what of ["asked", "headers"])
			ok(same(calls[what], wanted[what]), `PHP ${version}: ${what}`,
				`${JSON.stringify(calls[what])}\nwanted `
				+ JSON.stringify(wanted[what]));
	}
	console.log(`1..${count}`);
	process.exitCode = failed ? 1 : 0;
}

if (process.argv[2]) {
	const got = await act(process.argv[2]);
	process.stdout.write(`\u0001${JSON.stringify(got)}`, () => process.exit());
} else {
	await main();
}
