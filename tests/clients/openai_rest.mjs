// OpenAI's client: embeddings, models, failures and its own retries.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { attempts, collect, failure, fresh, lastBody, misbehave, openai, watched } from './house.mjs';

const client = openai();
const user = (content) => [{ role: 'user', content }];
const ask = (model, more = {}, options = {}) =>
  client.chat.completions.create({ model, messages: user(fresh('say: hello')), ...more }, options);
const product = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

test('embeds texts with no provider', async () => {
  const answer = await client.embeddings.create({
    model: 'local-hash-256',
    input: ['How can I save money on food?', 'Ways of saving money when buying food', 'A distant galaxy'],
  });
  assert.equal(answer.model, 'local-hash-256');
  const [first, near, far] = answer.data.map((item) => item.embedding);
  assert.equal(first.length, 256);
  assert.ok(Math.abs(product(first, first) - 1) < 1e-5);
  assert.ok(product(first, near) > product(first, far) + 0.2);
  assert.ok(answer.usage.prompt_tokens > 10);
});

test('gives the same vectors as numbers and as bytes', async () => {
  const question = { model: 'local-hash-256', input: 'The harbour was closed for three days.' };
  const numbers = await client.embeddings.create({ ...question, encoding_format: 'float' });
  const bytes = await client.embeddings.create({ ...question, encoding_format: 'base64' });
  const read = Buffer.from(bytes.data[0].embedding, 'base64');
  assert.equal(read.length, 1024);
  numbers.data[0].embedding.forEach((value, i) => assert.equal(Math.fround(value), read.readFloatLE(i * 4)));
});

for (const model of ['fast', 'gem'])
  test(`${model}: embeds at its provider`, async () => {
    const input = [fresh('one'), fresh('two')];
    const answer = await client.embeddings.create({ model, input, dimensions: 16 });
    assert.equal(answer.data.length, 2);
    assert.equal(answer.data[1].embedding.length, 16);
    assert.equal(answer.data[1].index, 1);
    assert.ok(answer.usage.total_tokens > 0);
    const asked = (await attempts(model)).length;
    assert.deepEqual((await client.embeddings.create({ model, input, dimensions: 16 })).data, answer.data);
    assert.equal((await attempts(model)).length, asked);
  });

test('passes tokens to who takes them and refuses them elsewhere', async () => {
  await client.embeddings.create({ model: 'fast', input: [[1, 2], [3]] });
  assert.deepEqual((await lastBody('fast')).input, [[1, 2], [3]]);
  for (const model of ['gem', 'local-hash-256']) {
    const error = await failure(client.embeddings.create({ model, input: [1, 2, 3] }));
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, 'input');
  }
});

test('says who makes no embeddings', async () => {
  const error = await failure(client.embeddings.create({ model: 'claude', input: 'x' }));
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.param, 'model');
  const other = await failure(client.embeddings.create({ model: 'local-hash-256', input: 'x', dimensions: 3 }));
  assert.equal(other.param, 'dimensions');
});

test('lists models and their other names', async () => {
  const names = (await collect(client.models.list())).map((model) => model.id);
  for (const name of ['fast', 'gpt-fast', 'team/fast', 'gem', 'claude', 'local-hash-256'])
    assert.ok(names.includes(name));
  assert.ok(!names.includes('local'));
  const one = await client.models.retrieve('team/fast');
  assert.deepEqual([one.id, one.object, one.owned_by], ['team/fast', 'model', 'openai']);
  const error = await failure(client.models.retrieve('nobody'));
  assert.ok(error instanceof OpenAI.NotFoundError);
  assert.equal(error.code, 'model_not_found');
});

test('a wrong key is an AuthenticationError', async () => {
  const error = await failure(openai({ apiKey: 'wrong' }).models.list());
  assert.ok(error instanceof OpenAI.AuthenticationError);
  assert.equal(error.code, 'invalid_api_key');
  assert.equal(error.type, 'authentication_error');
});

test('an unknown model is a NotFoundError', async () => {
  const error = await failure(ask('nobody'));
  assert.ok(error instanceof OpenAI.NotFoundError);
  assert.equal(error.code, 'model_not_found');
  assert.match(error.requestID, /^[0-9a-f-]{36}$/);
});

test('what is not here is a NotFoundError that says so', async () => {
  for (const askFor of [
    () => client.responses.retrieve('resp_1'),
    () => client.completions.create({ model: 'fast', prompt: 'x' }),
    () => client.files.list(),
  ]) {
    const error = await failure(askFor());
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'not_found');
    assert.equal(error.type, 'not_found_error');
    assert.match(error.message, /nothing at this path/);
    assert.match(error.requestID, /^[0-9a-f-]{36}$/);
  }
});

test('bad fields are one BadRequestError that names all of them', async () => {
  const error = await failure(ask('fast', { n: 0, temperature: 'warm' }));
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.type, 'invalid_request_error');
  assert.match(error.message, /temperature/);
  assert.match(error.message, /\bn\b/);
  assert.ok(['n', 'temperature'].includes(error.param));
});

test('a refusal of the provider reaches the client with its reason', async () => {
  await misbehave('refusing', 'filter');
  const error = await failure(ask('refusing'));
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.code, 'content_policy_violation');
  await misbehave('refusing', 'context');
  const other = await failure(ask('refusing'));
  assert.equal(other.code, 'context_length_exceeded');
});

test('a model that fails is an InternalServerError, and the client does not try again after us', async () => {
  await misbehave('failing', '500');
  const { client: patient, sent } = watched(OpenAI, { maxRetries: 3 });
  const error = await failure(
    patient.chat.completions.create({ model: 'failing', messages: user(fresh('say: hello')) }),
  );
  assert.ok(error instanceof OpenAI.InternalServerError);
  assert.equal(error.status, 502);
  assert.equal(error.code, 'upstream_error');
  assert.equal(error.error.attempts[0].model, 'failing');
  assert.equal(error.headers.get('x-should-retry'), 'false');
  assert.equal(sent.length, 1);
  assert.ok((await attempts('failing')).length > 1);
});

test('a provider that limits us is a RateLimitError that says when to come back', async () => {
  await misbehave('limited', '429', { retry_after: 120 });
  const error = await failure(ask('limited'));
  assert.ok(error instanceof OpenAI.RateLimitError);
  assert.equal(error.code, 'provider_rate_limited');
  const seconds = Number(error.headers.get('retry-after'));
  assert.ok(seconds > 100 && seconds <= 120);
});

test('the client obeys when our own limit says when to come back', async () => {
  const { client: limited, sent } = watched(OpenAI, { limited: true, maxRetries: 3 });
  for (let i = 0; i < 2; i += 1) await limited.embeddings.create({ model: 'local-hash-256', input: 'again' });
  const refused = sent.find((entry) => entry.status === 429);
  assert.ok(refused);
  const next = sent[sent.indexOf(refused) + 1];
  const wait = Number(refused.headers.get('retry-after-ms'));
  assert.ok(wait > 0);
  assert.ok(next.time - refused.time >= wait - 50);
  assert.equal(sent.at(-1).status, 200);
  const impatient = await failure(
    Promise.all([1, 2].map(() => watched(OpenAI, { limited: true }).client.embeddings.create({ model: 'local-hash-256', input: 'x' }))),
  );
  assert.ok(impatient instanceof OpenAI.RateLimitError);
  assert.equal(impatient.code, 'rate_limit_exceeded');
});

test('a provider that says nothing is given up with 504', async () => {
  await misbehave('silent', 'silent');
  const error = await failure(ask('silent'));
  assert.equal(error.status, 504);
  assert.equal(error.code, 'upstream_timeout');
});

for (const model of ['cut', 'gem-cut', 'claude-cut'])
  test(`${model}: a stream that breaks off throws`, async () => {
    await misbehave(model, 'cut', { after: 3 });
    let text = '';
    const error = await failure(
      (async () => {
        const stream = await ask(model, { stream: true, messages: user(fresh('count to 30')) });
        for await (const chunk of stream) {
          text += chunk.choices[0]?.delta.content ?? '';
          assert.ok(!chunk.choices[0]?.finish_reason);
        }
      })(),
    );
    assert.ok(error instanceof OpenAI.APIError);
    assert.equal(error.code, 'upstream_incomplete');
    assert.match(text, /^1 2/);
  });

test('a house that is not there is an APIConnectionError', async () => {
  const error = await failure(openai({ baseURL: 'http://127.0.0.1:1/v1' }).models.list());
  assert.ok(error instanceof OpenAI.APIConnectionError);
});

test('a client that has no time left says so', async () => {
  await misbehave('cold', 'slow', { delay: 30 });
  const error = await failure(ask('cold', {}, { timeout: 300 }));
  assert.ok(error instanceof OpenAI.APIConnectionTimeoutError);
});
