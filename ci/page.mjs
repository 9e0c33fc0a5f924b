// Called by ci/page: FOLDER holds report.html and studies.html, RESULTS the records that the first was made
// from.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

const [folder, results] = process.argv.slice(2);
const page_file = path.resolve(folder, "report.html");
const studies_file = path.resolve(folder, "studies.html");
const axe_source = fs.readFileSync(path.join(folder, "node_modules/axe-core/axe.min.js"), "utf8");

// What a check of accessibility finds that would keep somebody from reading the page.
async function barriers(page) {
  await page.evaluate(axe_source);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  const words = (one) => `${one.impact} ${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")}`;
  const rest = found.violations.filter((one) => !serious.includes(one)).map((one) => `${one.impact} ${one.id}`);
  return { serious: serious.map(words), rest };
}

// Boxes of tables that are wider than their place.
const sideways = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll(".scroll")]
      .filter((box) => box.scrollWidth > box.clientWidth)
      .map((box) => `${box.getAttribute("aria-label")}: ${box.scrollWidth} in ${box.clientWidth}`),
  );

// The records that the figures must hold: of finished runs, or of all where an arm has none.
function records(results) {
  const arms = new Map();
  for (const file of fs.readdirSync(results, { recursive: true })) {
    if (path.basename(file) !== "manifest.json") continue;
    const run = path.join(results, path.dirname(file));
    const manifest = JSON.parse(fs.readFileSync(path.join(run, "manifest.json"), "utf8"));
    const lines = fs.readFileSync(path.join(run, "records.jsonl"), "utf8").trim().split("\n");
    const { task, arm } = manifest.job;
    const key = JSON.stringify([task, arm]);
    if (!arms.has(key)) arms.set(key, []);
    arms.get(key).push({ task, ok: manifest.status === "ok", records: lines.map((line) => JSON.parse(line)) });
  }
  const counted = [...arms.values()].flatMap((runs) => (runs.some((run) => run.ok) ? runs.filter((run) => run.ok) : runs));
  const tasks = [...new Set(counted.map((run) => run.task))].sort();
  return tasks.map((task) => counted.filter((run) => run.task === task).flatMap((run) => run.records));
}

// A screenshot of the first 6,000 pixels: enough to look at, and drawn in time on a slow machine.
async function picture(page, name) {
  const { width } = page.viewportSize();
  const height = await page.evaluate(() => Math.min(6000, document.documentElement.scrollHeight));
  const file = path.join(folder, `${name}.png`);
  await page.screenshot({ path: file, fullPage: true, clip: { x: 0, y: 0, width, height }, timeout: 120_000 });
}
const sorted = (points) => points.map(([x, y]) => `${x} ${y}`).sort();

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
const views = [
  { name: "desktop", width: 1280, height: 900, scheme: "light" },
  { name: "phone", width: 390, height: 844, scheme: "light" },
  { name: "dark", width: 1280, height: 900, scheme: "dark" },
];
for (const { name, width, height, scheme } of views) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => problems.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) problems.push(`request: ${request.url()}`);
  });
  await page.goto(`file://${page_file}`, { waitUntil: "load" });

  const figures = await page.evaluate(() =>
    [...document.querySelectorAll("svg[role=img]")].map((svg) => ({
      id: svg.getAttribute("aria-labelledby").split("-t ")[0],
      title: svg.querySelector("title").textContent,
      description: svg.querySelector("desc").textContent,
      points: [...svg.querySelectorAll("[data-x]")].map((mark) => [Number(mark.dataset.x), Number(mark.dataset.y)]),
    })),
  );
  records(results).forEach((expected, index) => {
    const points = (id) => figures.find((figure) => figure.id === `${id}-${index}`)?.points ?? [];
    const percent = expected.map((record) => [record.step, record.percent_equiv]);
    const loss = expected.map((record) => [record.device_seconds, record.loss]);
    assert.deepEqual(sorted(points("percent")), sorted(percent), "percentages in the figure");
    assert.deepEqual(sorted(points("loss")), sorted(loss), "losses in the figure");
    const counted = expected.filter((record) => record.model_flops !== undefined && record.model_flops !== null);
    const flops = counted.map((record) => [record.model_flops / 1e12, record.loss]);
    assert.deepEqual(sorted(points("flops")), sorted(flops), "losses against operations in the figure");
  });
  assert.ok(figures.every((figure) => figure.title && figure.description), "text alternatives");
  assert.ok(await page.evaluate(() => [...document.images].every((image) => image.naturalWidth > 0)), "pictures load");

  // A mark that is tapped shows its values below its figure.
  const readout = await page.evaluate(() => {
    const mark = document.querySelector("[data-x]");
    mark.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    return [mark.querySelector("title").textContent, mark.closest("figure").querySelector(".readout").textContent];
  });
  assert.equal(readout[0], readout[1], "values of a mark");

  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${name}: the page is ${wide} pixels wider than the window`);
  assert.deepEqual(problems, [], `${name}: messages and requests`);
  await picture(page, name);

  const tables = await sideways(page);
  if (width >= 1280) assert.deepEqual(tables, [], `${name}: tables that scroll sideways`);
  else assert.ok(tables.length > 0, `${name}: a table scrolls in its own box`);
  // The names of rows stay where they are when a table is scrolled.
  const moved = await page.evaluate(() =>
    [...document.querySelectorAll(".scroll")].map((box) => {
      const head = box.querySelector("tbody th");
      const before = head.getBoundingClientRect().left;
      box.scrollLeft = 60;
      const after = head.getBoundingClientRect().left;
      box.scrollLeft = 0;
      return Math.abs(after - before);
    }),
  );
  assert.ok(moved.every((distance) => distance < 1), `${name}: names of rows move: ${moved}`);
  const { serious, rest } = await barriers(page);
  assert.deepEqual(serious, [], `${name}: barriers`);

  // The first box is reached and switched by keyboard; its arm is gone from figures and tables of its task.
  const shown = () =>
    page.evaluate(() => {
      const section = document.querySelector(".filter").closest("section");
      const parts = [...section.querySelectorAll("[data-arm]")];
      const visible = (part) => getComputedStyle(part).display !== "none";
      const count = (arm, see) => parts.filter((part) => part.dataset.arm === arm && visible(part) === see).length;
      const boxes = [...section.querySelectorAll(".filter input")].map((box) => box.value);
      return boxes.map((arm) => [count(arm, true), count(arm, false)]);
    });
  const before = await shown();
  await page.focus(".filter input");
  await page.keyboard.press("Space");
  const after = await shown();
  assert.ok(before.every(([, hidden]) => hidden === 0), "all arms are shown at first");
  assert.ok(before[0][0] > 20 && after[0][0] === 0, `${name}: the arm is gone: ${after[0]}`);
  assert.deepEqual(after.slice(1), before.slice(1), `${name}: the others stay`);
  await page.keyboard.press("Space");
  assert.deepEqual(await shown(), before, `${name}: it comes back`);
  if (rest.length > 0) console.log(`ci/page: ${name}: axe-core, not serious: ${rest.join(", ")}`);
  const marks = figures.reduce((sum, figure) => sum + figure.points.length, 0);
  console.log(`ci/page: ${name}: ${figures.length} figures, ${marks} points, no message`);
  await context.close();
}

// Without a script the page is whole, and has no boxes that do nothing.
{
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(`file://${page_file}`);
  assert.equal(await page.locator(".filter:visible").count(), 0, "no filter without a script");
  assert.ok((await page.locator("tbody tr:visible").count()) > 50, "every table without a script");
  await context.close();
}

// On paper: nothing to press, nothing cut off.
{
  const context = await browser.newContext({ viewport: { width: 1000, height: 1400 } });
  const page = await context.newPage();
  await page.goto(`file://${page_file}`);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("nav:visible, .filter:visible, .readout:visible").count(), 0, "nothing to press on paper");
  await picture(page, "print");
  const file = path.join(folder, "report.pdf");
  await page.pdf({ path: file, format: "A4", margin: { top: "12mm", bottom: "12mm", left: "12mm", right: "12mm" } });
  const pages = fs.readFileSync(file, "latin1").match(/\/Type\s*\/Page[^s]/g).length;
  assert.ok(pages < 40, `${pages} pages of paper`);
  console.log(`ci/page: print: ${pages} pages of A4`);
  await context.close();
}

// The page of studies: claims with verdicts, and links that lead to files.
for (const { name, width, height, scheme } of views) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  const page = await context.newPage();
  await page.goto(`file://${studies_file}`);
  const links = await page.evaluate(() => [...document.querySelectorAll(".claim a")].map((link) => link.href));
  assert.ok(links.length >= 2, "links to studies");
  for (const link of links) assert.ok(fs.existsSync(new URL(link)), `${link} is there`);
  assert.deepEqual((await barriers(page)).serious, [], `studies, ${name}: barriers`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `studies, ${name}: the page is ${wide} pixels wider than the window`);
  if (width >= 1280) assert.deepEqual(await sideways(page), [], `studies, ${name}: tables that scroll sideways`);
  await picture(page, `studies-${name}`);
  console.log(`ci/page: studies, ${name}: ${links.length} links, no barrier`);
  await context.close();
}
await browser.close();
const size = fs.statSync(page_file).size;
assert.ok(size < 1e6, `the page has ${size} bytes`);
console.log(`ci/page: ${size} bytes`);
