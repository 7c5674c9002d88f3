// Anthropic's client: messages with models of all three families, models, failures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { PICTURE, anthropic, attempts, collect, failure, fresh, lastBody, misbehave, until, watched } from './house.mjs';

const client = anthropic();
const user = (content) => [{ role: 'user', content }];
const WEATHER = {
  name: 'weather',
  description: 'The weather of a town',
  input_schema: { type: 'object', properties: { town: { type: 'string' } }, required: ['town'] },
};

for (const model of ['claude', 'fast', 'gem']) {
  test(`${model}: answers`, async () => {
    const message = await client.messages.create({
      model,
      system: 'Be short.',
      messages: user('say: good morning'),
      max_tokens: 100,
    });
    assert.equal(message.type, 'message');
    assert.equal(message.role, 'assistant');
    assert.deepEqual(
      message.content.map((block) => block.text),
      ['good morning'],
    );
    assert.equal(message.stop_reason, 'end_turn');
    assert.ok(message.usage.input_tokens > 0);
    assert.match(message._request_id, /^[0-9a-f-]{36}$/);
  });

  test(`${model}: streams`, async () => {
    const stream = client.messages.stream({ model, messages: user('count to 20'), max_tokens: 100 });
    const events = await collect(stream);
    const message = await stream.finalMessage();
    assert.equal(message.content[0].text, Array.from({ length: 20 }, (_, i) => i + 1).join(' '));
    assert.equal(message.stop_reason, 'end_turn');
    assert.ok(message.usage.output_tokens > 0);
    const types = events.map((event) => event.type).filter((type, i, all) => type !== all[i - 1] && type !== 'ping');
    assert.deepEqual(types, [
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  test(`${model}: calls a tool and takes its answer`, async () => {
    const messages = user('please use the tool');
    const first = await client.messages.create({ model, messages, tools: [WEATHER], max_tokens: 100 });
    const call = first.content.find((block) => block.type === 'tool_use');
    assert.equal(first.stop_reason, 'tool_use');
    assert.equal(call.name, 'weather');
    assert.equal(typeof call.input.town, 'string');
    const second = await client.messages.create({
      model,
      messages: [
        ...messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'rain until noon' }] },
      ],
      tools: [WEATHER],
      max_tokens: 100,
    });
    assert.match(second.content[0].text, /rain until noon/);
  });

  test(`${model}: streams the calls of tools`, async () => {
    const message = await client.messages
      .stream({
        model,
        messages: user('please use every tool'),
        tools: [WEATHER, { ...WEATHER, name: 'wind' }],
        max_tokens: 100,
      })
      .finalMessage();
    const calls = message.content.filter((block) => block.type === 'tool_use');
    assert.deepEqual(
      calls.map((call) => call.name),
      ['weather', 'wind'],
    );
    for (const call of calls) assert.equal(typeof call.input.town, 'string');
    assert.equal(message.stop_reason, 'tool_use');
  });

  test(`${model}: sees a picture`, async () => {
    const message = await client.messages.create({
      model,
      max_tokens: 100,
      messages: user([
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PICTURE } },
        { type: 'text', text: 'say: a point' },
      ]),
    });
    assert.equal(message.content[0].text, 'I see 1 image. a point');
  });

  test(`${model}: ends for want of tokens`, async () => {
    const message = await client.messages.create({ model, messages: user('count to 9'), max_tokens: 4 });
    assert.equal(message.stop_reason, 'max_tokens');
    assert.equal(message.content[0].text.trim(), '1 2 3 4');
  });
}

test('passes what only the provider knows', async () => {
  await client.messages.create({
    model: 'claude',
    messages: user(fresh('say: deep')),
    max_tokens: 2000,
    thinking: { type: 'enabled', budget_tokens: 1024 },
    metadata: { user_id: 'u1' },
  });
  const body = await lastBody('claude');
  assert.deepEqual(body.thinking, { type: 'enabled', budget_tokens: 1024 });
  assert.deepEqual(body.metadata, { user_id: 'u1' });
});

test('lists models in its own shape', async () => {
  const models = await collect(client.models.list());
  const fast = models.find((model) => model.id === 'fast');
  assert.equal(fast.type, 'model');
  assert.equal(fast.display_name, 'fast');
  assert.ok(!Number.isNaN(Date.parse(fast.created_at)));
  assert.equal((await client.models.retrieve('team/fast')).id, 'team/fast');
  const error = await failure(client.models.retrieve('nobody'));
  assert.ok(error instanceof Anthropic.NotFoundError);
  assert.equal(error.error.error.type, 'not_found_error');
});

test('maps failures to its classes', async () => {
  const ask = (model, more) =>
    client.messages.create({ model, messages: user(fresh('say: hello')), max_tokens: 9, ...more });
  const wrong = await failure(
    anthropic({ apiKey: 'wrong' }).messages.create({ model: 'claude', messages: user('x'), max_tokens: 9 }),
  );
  assert.ok(wrong instanceof Anthropic.AuthenticationError);
  assert.equal(wrong.error.error.type, 'authentication_error');
  assert.match(wrong.requestID, /^[0-9a-f-]{36}$/);
  assert.ok((await failure(ask('nobody'))) instanceof Anthropic.NotFoundError);
  const absent = await failure(client.messages.countTokens({ model: 'claude', messages: user('x') }));
  assert.ok(absent instanceof Anthropic.NotFoundError);
  assert.equal(absent.error.error.type, 'not_found_error');
  assert.match(absent.requestID, /^[0-9a-f-]{36}$/);
  const bad = await failure(ask('claude', { max_tokens: 0 }));
  assert.ok(bad instanceof Anthropic.BadRequestError);
  assert.match(bad.message, /max_tokens/);
});

test('does not try again after us', async () => {
  await misbehave('claude-failing', '529');
  const { client: patient, sent } = watched(Anthropic, { maxRetries: 3 });
  const error = await failure(
    patient.messages.create({ model: 'claude-failing', messages: user(fresh('say: hello')), max_tokens: 9 }),
  );
  assert.ok(error instanceof Anthropic.InternalServerError);
  assert.equal(error.headers.get('x-should-retry'), 'false');
  assert.equal(sent.length, 1);
});

for (const model of ['claude-cut', 'cut', 'gem-cut'])
  test(`${model}: a stream that breaks off throws and never looks complete`, async () => {
    await misbehave(model, 'cut', { after: 3 });
    const events = [];
    const error = await failure(
      (async () => {
        const stream = await client.messages.create({
          model,
          messages: user(fresh('count to 30')),
          max_tokens: 100,
          stream: true,
        });
        for await (const event of stream) events.push(event.type);
      })(),
    );
    assert.ok(error instanceof Anthropic.APIError);
    assert.ok(events.includes('content_block_delta'));
    assert.ok(!events.includes('message_stop'));
  });

test("ends the provider's work when the client leaves", async () => {
  await misbehave('claude', 'ok', { pace: 0.1 });
  const stream = client.messages.stream({ model: 'claude', messages: user(fresh('count to 200')), max_tokens: 1000 });
  let seen = 0;
  const error = await failure(
    (async () => {
      for await (const event of stream)
        if (event.type === 'content_block_delta' && (seen += 1) === 3) stream.abort();
    })(),
  );
  assert.ok(error instanceof Anthropic.APIUserAbortError);
  const attempt = await until(async () => {
    const last = (await attempts('claude')).at(-1);
    return last.closed && last;
  });
  assert.equal(attempt.complete, false);
  await misbehave('claude', 'ok');
});
