// OpenAI's client: responses, where the provider has the endpoint and where it has not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { PICTURE, attempts, collect, failure, fresh, lastBody, misbehave, openai } from './house.mjs';

const client = openai();
const WEATHER = {
  type: 'function',
  name: 'weather',
  description: 'The weather of a town',
  strict: true,
  parameters: {
    type: 'object',
    properties: { town: { type: 'string' } },
    required: ['town'],
    additionalProperties: false,
  },
};

for (const model of ['native', 'fast', 'gem', 'claude']) {
  test(`${model}: answers`, async () => {
    const answer = await client.responses.create({
      model,
      instructions: 'Be short.',
      input: 'say: good morning',
      max_output_tokens: 100,
    });
    assert.equal(answer.object, 'response');
    assert.equal(answer.status, 'completed');
    assert.equal(answer.output_text, 'good morning');
    assert.equal(answer.usage.total_tokens, answer.usage.input_tokens + answer.usage.output_tokens);
    const path = (await attempts(model)).at(-1).path;
    assert.equal(path.endsWith('/responses'), model === 'native');
  });

  test(`${model}: streams the events of a message in their order`, async () => {
    const events = await collect(
      await client.responses.create({ model, input: 'count to 5', max_output_tokens: 100, stream: true }),
    );
    const types = events.map((event) => event.type).filter((type, i, all) => type !== all[i - 1]);
    assert.deepEqual(types, [
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    assert.deepEqual(
      events.map((event) => event.sequence_number),
      events.map((_, i) => i),
    );
    const text = events.filter((event) => event.type === 'response.output_text.delta').map((event) => event.delta);
    assert.equal(text.join(''), '1 2 3 4 5');
    assert.ok(events.at(-1).response.usage.output_tokens > 0);
  });

  test(`${model}: gathers a stream to a response`, async () => {
    const response = await client.responses
      .stream({ model, input: 'say: all of it', max_output_tokens: 100 })
      .finalResponse();
    assert.equal(response.output_text, 'all of it');
  });

  test(`${model}: calls a tool and takes its answer`, async () => {
    const input = [{ role: 'user', content: 'please use the tool' }];
    const first = await client.responses.create({ model, input, tools: [WEATHER], max_output_tokens: 100 });
    const call = first.output.find((item) => item.type === 'function_call');
    assert.equal(call.name, 'weather');
    assert.equal(typeof JSON.parse(call.arguments).town, 'string');
    const second = await client.responses.create({
      model,
      input: [...input, call, { type: 'function_call_output', call_id: call.call_id, output: 'rain until noon' }],
      tools: [WEATHER],
      max_output_tokens: 100,
    });
    assert.match(second.output_text, /rain until noon/);
  });

  test(`${model}: streams the arguments of a call`, async () => {
    const events = await collect(
      await client.responses.create({
        model,
        input: 'please use the tool',
        tools: [WEATHER],
        tool_choice: 'required',
        max_output_tokens: 100,
        stream: true,
      }),
    );
    const pieces = events.filter((event) => event.type === 'response.function_call_arguments.delta');
    const done = events.find((event) => event.type === 'response.function_call_arguments.done');
    assert.equal(pieces.map((event) => event.delta).join(''), done.arguments);
    assert.equal(typeof JSON.parse(done.arguments).town, 'string');
    assert.equal(events.at(-1).type, 'response.completed');
    assert.equal(events.at(-1).response.output[0].type, 'function_call');
  });

  test(`${model}: parses an answer by its JSON schema`, async () => {
    const answer = await client.responses.parse({
      model,
      input: 'plan a day',
      max_output_tokens: 1000,
      text: { format: zodTextFormat(z.object({ title: z.string(), hours: z.number() }), 'day') },
    });
    assert.equal(typeof answer.output_parsed.title, 'string');
    assert.equal(typeof answer.output_parsed.hours, 'number');
  });

  test(`${model}: sees a picture`, async () => {
    const answer = await client.responses.create({
      model,
      max_output_tokens: 100,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'say: a point' },
            { type: 'input_image', image_url: `data:image/png;base64,${PICTURE}`, detail: 'auto' },
          ],
        },
      ],
    });
    assert.equal(answer.output_text, 'I see 1 image. a point');
  });

  test(`${model}: says that an answer was cut`, async () => {
    const answer = await client.responses.create({ model, input: 'count to 9', max_output_tokens: 4 });
    assert.equal(answer.status, 'incomplete');
    assert.equal(answer.incomplete_details.reason, 'max_output_tokens');
    assert.equal(answer.output_text.trim(), '1 2 3 4');
  });
}

test('passes what only the endpoint itself can do to who has it', async () => {
  await client.responses.create({
    model: 'native',
    input: fresh('say: deep'),
    reasoning: { effort: 'high' },
    previous_response_id: 'resp_0',
    store: true,
    tools: [{ type: 'web_search' }],
  });
  const body = await lastBody('native');
  assert.deepEqual(body.reasoning, { effort: 'high' });
  assert.equal(body.previous_response_id, 'resp_0');
  assert.equal(body.store, true);
  assert.deepEqual(body.tools, [{ type: 'web_search' }]);
});

for (const [name, more, param] of [
  ['an earlier response', { previous_response_id: 'resp_0' }, 'previous_response_id'],
  ['storing', { store: true }, 'store'],
  ['reasoning', { reasoning: { effort: 'high' } }, 'reasoning'],
  ['a built-in tool', { tools: [{ type: 'web_search' }] }, 'tools[0].type'],
])
  test(`refuses ${name} by its name where it cannot be had`, async () => {
    const asked = (await attempts('gem')).length;
    const error = await failure(client.responses.create({ model: 'gem', input: 'say: no', ...more }));
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, param);
    assert.equal((await attempts('gem')).length, asked);
  });

test('says that nothing is stored', async () => {
  const answer = await client.responses.create({ model: 'gem', input: 'say: gone', store: false });
  assert.equal(answer.store, false);
});

for (const model of ['native-cut', 'cut', 'gem-cut', 'claude-cut'])
  test(`${model}: a stream that breaks off fails and never looks complete`, async () => {
    await misbehave(model, 'cut', { after: 3 });
    const events = [];
    const error = await failure(
      (async () => {
        const stream = await client.responses.create({ model, input: fresh('count to 30'), stream: true });
        for await (const event of stream) events.push(event.type);
      })(),
    );
    assert.ok(error instanceof OpenAI.APIError);
    assert.equal(error.code, 'upstream_incomplete');
    assert.ok(events.includes('response.output_text.delta'));
    assert.ok(!events.includes('response.completed'));
  });
