// Opens pages in Chromium and tells what happened: browser.mjs CLIENTS CHROMIUM PICTURES NAME=ADDRESS…
//
// Answers with one JSON object by name: console messages, requests beyond files, dialogs, violations of accessibility
// that axe calls serious or critical, lengths of media, milliseconds until the page could be used, and what the page's
// own script does. Pictures of each page go to the folder PICTURES.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [clients, chromium, pictures, ...pages] = process.argv.slice(2);
const require = createRequire(join(clients, "package.json"));
const { chromium: browsers } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const LOOKS = [
  { width: 1280, height: 900, colorScheme: "light" },
  { width: 1280, height: 900, colorScheme: "dark" },
  { width: 390, height: 844, colorScheme: "light" },
  { width: 390, height: 844, colorScheme: "dark" },
];
const LONGEST = 5000; // pixels of a picture
const MANY = 150; // cards; a page of more is looked at once in light and wide, and once in dark and narrow

const browser = await browsers.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
});

async function look(name, address, { width, height, colorScheme }, facts) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) facts.console.push(message.text());
  });
  page.on("pageerror", (error) => facts.console.push(String(error)));
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) facts.requests.push(request.url());
  });
  page.on("dialog", (dialog) => {
    facts.dialogs.push(dialog.message());
    dialog.dismiss();
  });
  await page.goto(address, { waitUntil: "load" });
  facts.milliseconds.push(await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd));
  facts.wider.push(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth));
  facts.media = await page.evaluate(async () => {
    const all = [...document.querySelectorAll("video, audio")];
    const whole = (media) => new Promise((resolve) => {
      if (media.readyState > 0 || media.error) return resolve();
      for (const event of ["loadedmetadata", "error"]) media.addEventListener(event, resolve, { once: true });
      setTimeout(resolve, 5000);
    });
    await Promise.all(all.map(whole));
    return all.map((media) => ({ name: media.getAttribute("src"), seconds: media.duration || 0, error: media.error && media.error.message }));
  });
  const tall = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.evaluate(async () => {
    for (const image of document.images) image.loading = "eager";
    await Promise.all([...document.images].slice(0, 300).map((image) => image.decode().catch(() => {})));
  });
  facts.broken = await page.evaluate(() => [...document.images].slice(0, 300).filter((image) => !image.naturalWidth).length);
  const path = (what) => join(pictures, `${name}-${width}-${colorScheme}${what}.png`);
  await page.screenshot({ path: path(""), fullPage: true, clip: { x: 0, y: 0, width, height: Math.min(tall, LONGEST) } });
  return [context, page, path];
}

// Of a thousand cards and bars of one shape some are enough for axe, which takes its time with each.
async function judge(page, facts) {
  await page.evaluate(() => {
    for (const surplus of document.querySelectorAll(".card:nth-of-type(n+40), .bars a:nth-of-type(n+40)")) surplus.remove();
  });
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of found.violations.filter((one) => ["serious", "critical"].includes(one.impact)))
    facts.violations.push(`${violation.id}: ${violation.nodes.length} × ${violation.nodes[0].html.slice(0, 200)} ${violation.nodes[0].any.map((one) => one.message).join("; ")}`);
}

// What the script adds: search, filter, arrow keys, the other view, zoom.
async function use(page, path, facts) {
  const count = () => page.locator(".card:visible").count();
  facts.cards = await count();
  if (facts.cards <= MANY) {
    await page.pdf({ path: path("").replace(/-1280-light\.png$/, ".pdf"), format: "A4" });
    facts.stills = await page.locator("img.still").count();
  }
  if (await page.locator("#find").isVisible()) {
    await page.keyboard.press("/");
    const first = await page.locator(".card h3 bdi").first().textContent();
    await page.keyboard.type(first);
    facts.found = await count();
    await page.keyboard.press("Escape");
    facts.afterwards = await count();
    await page.keyboard.type("nothing is called like this");
    facts.nothing = [await count(), await page.locator(".nothing").isVisible()];
    await page.getByRole("button", { name: "Show all" }).click();
    facts.all = [await count(), await page.locator(".nothing").isVisible()];
  }
  const folded = page.locator("details.alike:not([open]) article").last();
  if (await folded.count()) {
    const id = await folded.getAttribute("id");
    await page.evaluate((place) => (location.hash = place), `#${id}`);
    facts.unfolded = await page.locator(`#${id}`).isVisible();
  }
  if (await page.locator(".chart.lanes").isVisible()) {
    await page.locator(".lanes .scroll").focus();
    await page.keyboard.press("ArrowRight");
    facts.detail = await page.locator(".detail").textContent();
    await page.locator("label[for=view-rows]").click();
    facts.rows = await page.locator(".rows .bars a").count();
    await page.locator("#timeline").screenshot({ path: path("-rows") });
    await page.getByLabel("Zoom in").click();
    facts.zoomed = await page.evaluate(() => { const w = document.querySelector(".rows .scroll"); return w.scrollWidth / w.clientWidth; });
  }
}

const answer = {};
for (const pair of pages) {
  const at = pair.indexOf("=");
  const name = pair.slice(0, at), address = pair.slice(at + 1);
  const facts = { console: [], requests: [], dialogs: [], violations: [], milliseconds: [], wider: [] };
  let looks = LOOKS;
  for (const each of LOOKS) {
    if (!looks.includes(each)) continue;
    const [context, page, path] = await look(name, address, each, facts);
    if (each === LOOKS[0]) {
      await use(page, path, facts);
      if (facts.cards > MANY) looks = [LOOKS[0], LOOKS[3]];
    }
    await judge(page, facts);
    await context.close();
  }
  const plain = await browser.newContext({ viewport: LOOKS[0], javaScriptEnabled: false });
  const page = await plain.newPage();
  await page.goto(address);
  facts.withoutScript = await page.locator(".card:visible").count();
  await plain.close();
  answer[name] = facts;
}
await browser.close();
console.log(JSON.stringify(answer, null, 2));
