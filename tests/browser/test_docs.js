"use strict";
// Opens the four documentation pages in a real browser:
//   node test_docs.js BASE_URL [API_KEY]     (or HEARTH_URL, HEARTH_KEY)
// INTERNAL=no expects the internal pages to be absent; TRY names the operation to try (operationId).
const { chromium } = require("playwright-core");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const base = (process.argv[2] || process.env.HEARTH_URL || "").replace(/\/$/, "");
const key = process.argv[3] || process.env.HEARTH_KEY || "";
const browserPath = process.env.CHROMIUM || "/usr/bin/chromium";
const flags = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const results = { passed: 0, failed: 0 };

function check(name, passed, detail) {
    results[passed ? "passed" : "failed"]++;
    console.log(`${passed ? "ok  " : "FAIL"} ${name}${passed || !detail ? "" : `: ${detail}`}`);
}

// Everything that a page does beside what it shows.
function watch(page) {
    const seen = { errors: [], violations: [], foreign: [] };
    page.on("console", (message) => {
        if (message.type() !== "error") return;
        const text = message.text();
        (/Content.Security.Policy/i.test(text) ? seen.violations : seen.errors).push(text);
    });
    page.on("pageerror", (error) => seen.errors.push(String(error)));
    page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(`${base}/`) && !/^(data|blob):/.test(url)) seen.foreign.push(url);
    });
    return seen;
}

async function open(context, where) {
    const page = await context.newPage();
    const seen = watch(page);
    await page.addInitScript(() => {
        globalThis.violations = [];
        document.addEventListener("securitypolicyviolation", (event) =>
            globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
    });
    const answer = await page.goto(base + where, { waitUntil: "load" });
    return { page, seen, answer };
}

async function settle(name, { page, seen, answer }) {
    await page.waitForLoadState("networkidle");
    seen.violations.push(...await page.evaluate(() => globalThis.violations));
    const policy = answer.headers()["content-security-policy"] || "";
    check(`${name}: has a policy without inline script`,
        policy.includes("default-src 'none'") && !/script-src[^;]*unsafe/.test(policy), policy);
    check(`${name}: says charset utf-8`, /charset=utf-8/i.test(answer.headers()["content-type"]));
    check(`${name}: no console errors`, seen.errors.length === 0, seen.errors.join(" | "));
    check(`${name}: no policy violations`, seen.violations.length === 0, seen.violations.join(" | "));
    check(`${name}: no request leaves the origin`, seen.foreign.length === 0, seen.foreign.join(" "));
}

// The operations of a document, in its order.
async function operationsOf(context, where) {
    const answer = await context.request.get(base + where);
    const operations = [];
    for (const [pattern, methods] of Object.entries((await answer.json()).paths))
        for (const [method, row] of Object.entries(methods))
            operations.push({ id: row.operationId, method, pattern, summary: row.summary });
    return operations;
}

async function shows(name, page, selector, expected) {
    const found = page.locator(selector);
    await found.first().waitFor({ timeout: 20000 }).catch(() => {});
    const count = await found.count();
    check(`${name}: shows all ${expected} operations`, count === expected, `shows ${count}`);
}

async function linksTo(name, page, where) {
    check(`${name}: links to ${where}`, await page.locator(`nav a[href="${where}"]`).count() === 1);
}

async function authorize(page) {
    await page.locator("button.authorize").first().click();
    const dialog = page.locator(".modal-ux");
    await dialog.locator("input").first().fill(key);
    await dialog.locator("button.authorize").first().click();
    await dialog.locator("button.btn-done").first().click();
}

async function tryOut(page, operation) {
    const block = page.locator(`[id$="-${operation.id}"].opblock`);
    await block.locator(".opblock-summary-control").first().click();
    await block.locator("button.try-out__btn").click();
    await block.locator("button.execute").click();
    const status = block.locator(".live-responses-table .response-col_status").last();
    await status.waitFor({ timeout: 20000 }).catch(() => {});
    return (await status.textContent({ timeout: 1000 }).catch(() => "nothing")).trim();
}

async function checkDocs(context, prefix, wanted) {
    const name = `${prefix}/docs`;
    const operations = await operationsOf(context, `${prefix}/openapi.json`);
    const opened = await open(context, name);
    await shows(name, opened.page, ".opblock", operations.length);
    await linksTo(name, opened.page, `${prefix}/redoc`);
    for (const id of wanted) {
        const operation = operations.find((candidate) => candidate.id === id);
        if (!operation) {
            check(`${name}: try ${id}`, false, "no such operation");
            continue;
        }
        if (key && id === wanted[0]) await authorize(opened.page);
        const status = await tryOut(opened.page, operation);
        check(`${name}: trying ${id} shows 200`, /^200/.test(status), `shows ${status}`);
    }
    await settle(name, opened);
    await opened.page.close();
}

async function checkRedoc(context, prefix) {
    const name = `${prefix}/redoc`;
    const operations = await operationsOf(context, `${prefix}/openapi.json`);
    const opened = await open(context, name);
    await shows(name, opened.page, '[data-section-id^="operation/"]', operations.length);
    await linksTo(name, opened.page, `${prefix}/docs`);
    const search = opened.page.locator('input[placeholder="Search..."]');
    const words = operations.flatMap((operation) => operation.summary.split(/\W+/));
    await search.pressSequentially(words.reduce((a, b) => (b.length > a.length ? b : a)));
    const hit = opened.page.locator('[data-role="search:results"] li').first();
    await hit.waitFor({ timeout: 10000 }).catch(() => {});
    check(`${name}: search finds an operation`, await hit.count() === 1);
    await settle(name, opened);
    await opened.page.close();
}

async function checkAbsent(context) {
    for (const where of ["/internal/docs", "/internal/redoc", "/internal/openapi.json"]) {
        // A server may end a connection that was idle just as it is used again.
        const answer = await context.request.get(base + where, { maxRetries: 1 });
        check(`${where}: absent`, answer.status() === 404, `status ${answer.status()}`);
    }
}

async function main() {
    if (!base) throw new Error("usage: node test_docs.js BASE_URL [API_KEY]");
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), "hearth-browser-"));
    const context = await chromium.launchPersistentContext(profile,
        { executablePath: browserPath, args: flags, headless: true });
    try {
        const wanted = (process.env.TRY || "health").split(",");
        await checkDocs(context, "", wanted);
        await checkRedoc(context, "");
        if (process.env.INTERNAL === "no") {
            await checkAbsent(context);
        } else {
            await checkDocs(context, "/internal", []);
            await checkRedoc(context, "/internal");
        }
    } finally {
        await context.close();
        fs.rmSync(profile, { recursive: true, force: true });
    }
}

main().catch((error) => check("the browser test runs", false, String(error))).finally(() => {
    console.log(`${results.passed} passed, ${results.failed} failed`);
    process.exitCode = results.failed > 0 ? 1 : 0;
});
