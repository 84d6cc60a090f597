// Does with OpenAI's Node package what the Python tests do with the Python one, and prints what it saw as JSON.
import { createRequire } from "node:module";

const [modules, baseURL] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const OpenAI = require("openai");
const client = new OpenAI({ baseURL, apiKey: "sk-none", maxRetries: 0 });

const row = JSON.stringify({ messages: [{ role: "user", content: "2?" }, { role: "assistant", content: "2!" }] });
const rows = Buffer.from(`${row}\n`.repeat(5));
const seen = {};

const file = await client.files.create({ file: await OpenAI.toFile(rows, "rows.jsonl"), purpose: "fine-tune" });
seen.file = await client.files.waitForProcessing(file.id);

const begun = await client.uploads.create({
  bytes: rows.length, filename: "rows.jsonl", mime_type: "application/jsonl", purpose: "fine-tune",
});
const half = rows.length / 2;
const parts = [];
for (const data of [rows.subarray(0, half), rows.subarray(half)]) {
  parts.push(await client.uploads.parts.create(begun.id, { data: await OpenAI.toFile(data, "part") }));
}
seen.upload = await client.uploads.complete(begun.id, { part_ids: parts.map((part) => part.id) });

const made = [];
for (const number of [1, 2, 3]) {
  made.push(await client.fineTuning.jobs.create({
    model: "gpt-4o-mini", training_file: file.id, metadata: { number: `${number}` }, suffix: "node",
  }));
}
seen.job = await client.fineTuning.jobs.retrieve(made[0].id);
seen.listed = [];
for await (const job of client.fineTuning.jobs.list({ limit: 1 })) seen.listed.push(job.id);
seen.filtered = [];
for await (const job of client.fineTuning.jobs.list({ metadata: { number: "2" } })) seen.filtered.push(job.id);
seen.made = made.map((job) => job.id);

seen.paused = (await client.fineTuning.jobs.pause(made[0].id)).axo_status;
seen.resumed = (await client.fineTuning.jobs.resume(made[0].id)).axo_status;
seen.cancelled = (await client.fineTuning.jobs.cancel(made[0].id)).status;
seen.events = [];
for await (const event of client.fineTuning.jobs.listEvents(made[0].id, { limit: 1 })) seen.events.push(event.message);
seen.checkpoints = [];
for await (const one of client.fineTuning.jobs.checkpoints.list(made[0].id)) seen.checkpoints.push(one.id);
seen.models = [];
for await (const model of client.models.list()) seen.models.push(model.id);

seen.errors = {};
const refused = {
  missing: () => client.fineTuning.jobs.retrieve("ftjob-none"),
  unmapped: () => client.fineTuning.jobs.create({ model: "gpt-4.1", training_file: file.id }),
  ended: () => client.fineTuning.jobs.resume(made[0].id),
  model: () => client.models.delete("org/none"),
};
for (const [name, call] of Object.entries(refused)) {
  seen.errors[name] = await call().then(() => null, (error) => [error.constructor.name, error.status, error.code]);
}
console.log(JSON.stringify(seen));
