// What all tests share: the clients, the stand-in's controls, and a network that is watched.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const { HEARTH_URL, LIMITED_URL, HEARTH_KEY, STANDIN_URL } = process.env;

// A picture of one point.
export const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

// The client with a log of its requests: { time, url, status, headers } each.
export function watched(Client, options = {}) {
  const sent = [];
  const { limited, ...rest } = options;
  const base = (limited ? LIMITED_URL : HEARTH_URL) + (Client === OpenAI ? '/v1' : '');
  const client = new Client({
    apiKey: HEARTH_KEY,
    baseURL: base,
    maxRetries: 0,
    fetch: async (url, init) => {
      const entry = { time: Date.now(), url: String(url), status: 0 };
      sent.push(entry);
      const response = await fetch(url, init);
      entry.status = response.status;
      entry.headers = response.headers;
      return response;
    },
    ...rest,
  });
  return { client, sent };
}

export const openai = (options) => watched(OpenAI, options).client;
export const anthropic = (options) => watched(Anthropic, options).client;

async function ask(path, body) {
  const answer = await fetch(STANDIN_URL + path, body && { method: 'POST', body: JSON.stringify(body) });
  return answer.json();
}

// Lets the model (by its id) misbehave; "ok" for nothing special.
export const misbehave = (model, mode, more = {}) => ask('/control', { model, mode, ...more });

// What a model was asked since the stand-in started, oldest first.
export async function attempts(model) {
  const log = await ask('/log');
  return log.attempts.filter((attempt) => attempt.model === model);
}

export async function lastBody(model) {
  return JSON.parse((await attempts(model)).at(-1).body);
}

export async function until(condition, milliseconds = 5000) {
  const end = Date.now() + milliseconds;
  while (Date.now() < end) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not come to that in time');
}

// A question that nobody has asked yet, so that no answer is kept for it.
let number = 0;
export const fresh = (text) => `${text} (${process.pid}.${(number += 1)})`;

export async function collect(stream) {
  const found = [];
  for await (const event of stream) found.push(event);
  return found;
}

// The error that a promise ends with.
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}
