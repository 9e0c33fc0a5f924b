// Called by ci/page: FOLDER holds report.html, RESULTS the records that it was made from.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

const [folder, results] = process.argv.slice(2);
const page_file = path.resolve(folder, "report.html");

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
    const mark = document.querySelector("[data-v]");
    mark.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    return [mark.dataset.v, mark.closest("figure").querySelector(".readout").textContent];
  });
  assert.equal(readout[0], readout[1], "values of a mark");

  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${name}: the page is ${wide} pixels wider than the window`);
  assert.deepEqual(problems, [], `${name}: messages and requests`);
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
  const marks = figures.reduce((sum, figure) => sum + figure.points.length, 0);
  console.log(`ci/page: ${name}: ${figures.length} figures, ${marks} points, no message`);
  await context.close();
}
await browser.close();
