// OpenAI's client: chat completions with models of all three families.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { PICTURE, attempts, collect, fresh, lastBody, misbehave, openai, until } from './house.mjs';

const client = openai();
const user = (content) => [{ role: 'user', content }];
const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'The weather of a town',
    parameters: {
      type: 'object',
      properties: { town: { type: 'string' } },
      required: ['town'],
      additionalProperties: false,
    },
  },
};

for (const model of ['fast', 'gem', 'claude']) {
  test(`${model}: answers`, async () => {
    const answer = await client.chat.completions.create({
      model,
      messages: [{ role: 'system', content: 'Be short.' }, ...user('say: good morning')],
      max_tokens: 100,
    });
    assert.equal(answer.object, 'chat.completion');
    assert.equal(answer.choices[0].message.role, 'assistant');
    assert.equal(answer.choices[0].message.content, 'good morning');
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
    assert.match(answer._request_id, /^[0-9a-f-]{36}$/);
  });

  test(`${model}: streams, with its usage at the end`, async () => {
    const chunks = await collect(
      await client.chat.completions.create({
        model,
        messages: user('count to 20'),
        max_tokens: 100,
        stream: true,
        stream_options: { include_usage: true },
      }),
    );
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    assert.equal(text, Array.from({ length: 20 }, (_, i) => i + 1).join(' '));
    assert.ok(chunks.length > 10);
    assert.equal(chunks.findLast((chunk) => chunk.choices.length)?.choices[0].finish_reason, 'stop');
    assert.ok(chunks.at(-1).usage.completion_tokens > 0);
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  });

  test(`${model}: shows no usage where none was asked for`, async () => {
    const chunks = await collect(
      await client.chat.completions.create({ model, messages: user('count to 3'), max_tokens: 9, stream: true }),
    );
    assert.ok(chunks.every((chunk) => !chunk.usage && chunk.choices.length === 1));
  });

  test(`${model}: calls a tool and takes its answer`, async () => {
    const messages = user('please use the tool');
    const first = await client.chat.completions.create({ model, messages, tools: [WEATHER], max_tokens: 100 });
    const [call] = first.choices[0].message.tool_calls;
    assert.equal(first.choices[0].finish_reason, 'tool_calls');
    assert.equal(call.type, 'function');
    assert.equal(call.function.name, 'weather');
    assert.equal(typeof JSON.parse(call.function.arguments).town, 'string');
    const second = await client.chat.completions.create({
      model,
      messages: [
        ...messages,
        first.choices[0].message,
        { role: 'tool', tool_call_id: call.id, content: 'rain until noon' },
      ],
      tools: [WEATHER],
      max_tokens: 100,
    });
    assert.match(second.choices[0].message.content, /rain until noon/);
  });

  test(`${model}: streams the calls of tools piece by piece`, async () => {
    const stream = client.chat.completions.stream({
      model,
      messages: user('please use every tool'),
      tools: [WEATHER, { ...WEATHER, function: { ...WEATHER.function, name: 'wind' } }],
      max_tokens: 100,
    });
    const chunks = await collect(stream);
    const message = (await stream.finalChatCompletion()).choices[0].message;
    assert.deepEqual(
      message.tool_calls.map((call) => call.function.name),
      ['weather', 'wind'],
    );
    for (const call of message.tool_calls) assert.equal(typeof JSON.parse(call.function.arguments).town, 'string');
    assert.equal(new Set(message.tool_calls.map((call) => call.id)).size, 2);
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'tool_calls');
  });

  test(`${model}: runs tools until there is an answer`, async () => {
    const asked = [];
    const tools = [
      {
        type: 'function',
        function: {
          ...WEATHER.function,
          parse: JSON.parse,
          function: ({ town }) => {
            asked.push(town);
            return 'sunshine';
          },
        },
      },
    ];
    const options = { model, messages: user(fresh('please use the tool')), tools, max_tokens: 100 };
    assert.match(await client.chat.completions.runTools(options).finalContent(), /sunshine/);
    assert.match(await client.chat.completions.runTools({ ...options, stream: true }).finalContent(), /sunshine/);
    assert.equal(asked.length, 2);
  });

  test(`${model}: parses an answer by its JSON schema`, async () => {
    const Day = z.object({ title: z.string(), hours: z.number(), parts: z.array(z.string()) });
    const answer = await client.chat.completions.parse({
      model,
      messages: user('plan a day'),
      max_tokens: 1000,
      response_format: zodResponseFormat(Day, 'day'),
    });
    assert.equal(typeof answer.choices[0].message.parsed.title, 'string');
    assert.equal(typeof answer.choices[0].message.parsed.hours, 'number');
    assert.ok(Array.isArray(answer.choices[0].message.parsed.parts));
  });

  test(`${model}: sees a picture`, async () => {
    const answer = await client.chat.completions.create({
      model,
      max_tokens: 100,
      messages: user([
        { type: 'text', text: 'say: a point' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PICTURE}` } },
      ]),
    });
    assert.equal(answer.choices[0].message.content, 'I see 1 image. a point');
  });

  test(`${model}: ends before a stop sequence and for want of tokens`, async () => {
    const stopped = await client.chat.completions.create({
      model,
      messages: user('count to 9'),
      max_tokens: 100,
      stop: ['5'],
    });
    assert.equal(stopped.choices[0].message.content.trim(), '1 2 3 4');
    assert.equal(stopped.choices[0].finish_reason, 'stop');
    const cut = await client.chat.completions.create({ model, messages: user('count to 9'), max_tokens: 4 });
    assert.equal(cut.choices[0].message.content.trim(), '1 2 3 4');
    assert.equal(cut.choices[0].finish_reason, 'length');
  });
}

for (const model of ['fast', 'gem'])
  test(`${model}: gives several answers`, async () => {
    const answer = await client.chat.completions.create({ model, messages: user('say: one of three'), n: 3 });
    assert.deepEqual(
      answer.choices.map((choice) => [choice.index, choice.message.content]),
      [0, 1, 2].map((index) => [index, 'one of three']),
    );
  });

test('passes seed, logprobs and what only the provider knows', async () => {
  const answer = await client.chat.completions.create({
    model: 'fast',
    messages: user(fresh('say: two words')),
    seed: 7,
    logprobs: true,
    top_logprobs: 2,
    prediction: { type: 'content', content: 'two' },
    metadata: { of: 'ours' },
  });
  const body = await lastBody('fast');
  assert.equal(body.seed, 7);
  assert.equal(body.top_logprobs, 2);
  assert.deepEqual(body.prediction, { type: 'content', content: 'two' });
  assert.deepEqual(body.metadata, { of: 'ours' });
  assert.ok(answer.choices[0].logprobs.content.length > 1);
});

test('takes another name of a model', async () => {
  for (const model of ['gpt-fast', 'team/fast']) {
    const answer = await client.chat.completions.create({ model, messages: user('say: by another name') });
    assert.equal(answer.choices[0].message.content, 'by another name');
  }
});

test('says in headers who answered and how', async () => {
  const question = { model: 'fast', messages: user(fresh('say: once')), temperature: 0 };
  const first = await client.chat.completions.create(question).withResponse();
  assert.equal(first.response.headers.get('x-model'), 'fast');
  assert.equal(first.response.headers.get('x-attempts'), '1');
  assert.equal(first.response.headers.get('x-cache'), 'miss');
  assert.equal(first.request_id, first.response.headers.get('x-request-id'));
  const second = await client.chat.completions.create(question).withResponse();
  assert.equal(second.response.headers.get('x-cache'), 'hit');
  assert.deepEqual(second.data, first.data);
});

test('streams an answer that was kept', async () => {
  const question = { model: 'fast', messages: user(fresh('count to 12')), temperature: 0, stream: true };
  const first = await collect(await client.chat.completions.create(question));
  const asked = (await attempts('fast')).length;
  const second = await collect(await client.chat.completions.create(question));
  const text = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  assert.equal(text(second), text(first));
  assert.equal((await attempts('fast')).length, asked);
});

// Behind lighttpd a client's leaving shows with what is sent to it: here with every token.
for (const model of ['fast', 'gem', 'claude'])
  test(`${model}: ends the provider's work when the client leaves`, async () => {
    await misbehave(model, 'ok', { pace: 0.1 });
    const stream = await client.chat.completions.create({
      model,
      messages: user(fresh('count to 200')),
      max_tokens: 1000,
      stream: true,
    });
    let seen = 0;
    for await (const chunk of stream) if ((seen += chunk.choices.length) > 3) stream.controller.abort();
    const left = Date.now() / 1000;
    const attempt = await until(async () => {
      const last = (await attempts(model)).at(-1);
      return last.closed && last;
    });
    assert.equal(attempt.complete, false);
    assert.ok(attempt.closed - left < 2);
    await misbehave(model, 'ok');
  });

test('joins the halves of a pair as its provider sent them', async () => {
  const chunk = (content) =>
    '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"finish_reason":null,' +
    `"delta":{"role":"assistant","content":"${content}"}}]}`;
  const end = '{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}';
  const events = [chunk('I am happy \\ud83d'), chunk('\\ude00 today'), chunk('\\u0000.'), end, '[DONE]'];
  await misbehave('fast', 'raw', { events });
  try {
    const stream = client.chat.completions.stream({ model: 'fast', messages: user(fresh('x')) });
    const answer = await stream.finalChatCompletion();
    assert.equal(answer.choices[0].message.content, 'I am happy 😀 today\0.');
    assert.equal(answer.choices[0].finish_reason, 'stop');
  } finally {
    await misbehave('fast', 'ok');
  }
});
