// Takes pictures of pages: shoot.mjs CLIENTS CHROMIUM WIDTH ADDRESS SCHEME FILE [ADDRESS SCHEME FILE]…
//
// Of a page with cards the picture ends below their first row, else where the page does. Nothing but files is loaded.
// Answers, for each picture, with the place of the page's timeline: left, top, right and bottom in pixels, or null.
import { createRequire } from "node:module";
import { join } from "node:path";

const [clients, chromium, width, ...jobs] = process.argv.slice(2);
const { chromium: browsers } = createRequire(join(clients, "package.json"))("playwright-core");
const MARGIN = 12;
const ROWS = 1;

const browser = await browsers.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--font-render-hinting=none", "--disable-lcd-text", "--disable-background-networking", "--disable-component-update"],
});
const charts = [];
for (let at = 0; at < jobs.length; at += 3) {
  const [address, colorScheme, path] = jobs.slice(at, at + 3);
  const context = await browser.newContext({ viewport: { width: Number(width), height: 900 }, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.route(/^(?!file:|data:)/, (route) => route.abort());
  await page.goto(address, { waitUntil: "load" });
  const end = await page.evaluate(async (rows) => {
    for (const image of document.images) image.loading = "eager";
    await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
    await document.fonts?.ready;
    const boxes = [...document.querySelectorAll(".card")].map((card) => card.getBoundingClientRect());
    const tops = [...new Set(boxes.map((box) => Math.round(box.top)))].slice(0, rows);
    const shown = boxes.filter((box) => tops.includes(Math.round(box.top)));
    return shown.length ? Math.max(...shown.map((box) => box.bottom)) : document.documentElement.getBoundingClientRect().height;
  }, ROWS);
  const height = Math.ceil(end) + (end ? MARGIN : 0);
  await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width: Number(width), height } });
  charts.push(await page.evaluate(() => {
    const box = [...document.querySelectorAll(".chart")].map((chart) => chart.getBoundingClientRect()).find((each) => each.width);
    return box ? [box.left, box.top, box.right, box.bottom].map(Math.round) : null;
  }));
  await context.close();
}
await browser.close();
console.log(JSON.stringify(charts));
