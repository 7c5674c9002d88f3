// Sign-in with Ethereum by messages and signatures of viem, of siwe and of ethers.
import assert from 'node:assert/strict';
import test from 'node:test';

import { Wallet } from 'ethers';
import { SiweMessage } from 'siwe';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { createSiweMessage } from 'viem/siwe';

const { HEARTH_URL } = process.env;
const domain = new URL(HEARTH_URL).host;

async function call(path, body, headers = {}) {
  const response = await fetch(HEARTH_URL + path, {
    method: body ? 'POST' : 'GET',
    headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

const nonce = async () => (await call('/api/wallet/nonce')).body.nonce;
const verify = (message, signature) => call('/api/wallet/verify', { message, signature });

// What a message of viem needs; changes override.
async function fields(address, changes = {}) {
  return { address, chainId: 1, domain, nonce: await nonce(), uri: HEARTH_URL, version: '1', ...changes };
}

test('viem: a message with the least signs in, and its session is the signer\'s', async () => {
  const account = privateKeyToAccount(generatePrivateKey());
  const message = createSiweMessage(await fields(account.address));
  const answer = await verify(message, await account.signMessage({ message }));
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.body.wallet_address, account.address.toLowerCase());
  const session = await call(`/api/wallet/session/${answer.body.session_id}`, null,
    { Authorization: `Bearer ${answer.body.token}` });
  assert.equal(session.body.session.verified, true);
});

test('viem: a message with every field signs in', async () => {
  const account = privateKeyToAccount(generatePrivateKey());
  const message = createSiweMessage(await fields(account.address, {
    scheme: 'http', chainId: 8453, statement: 'Sign in to Hearth: https://example.com/terms?a=b&c=d #1',
    issuedAt: new Date(), expirationTime: new Date(Date.now() + 60000), notBefore: new Date(Date.now() - 60000),
    requestId: 'r-1', resources: ['https://example.com/a', 'ipfs://bafybei/x?y#z'],
  }));
  assert.equal((await verify(message, await account.signMessage({ message }))).status, 200);
});

test('siwe and ethers: a prepared message signs in once, and siwe agrees on it', async () => {
  const wallet = Wallet.createRandom();
  const siwe = new SiweMessage({
    domain, address: wallet.address, statement: 'I accept the terms.', uri: `${HEARTH_URL}/login`, version: '1',
    chainId: 8453, nonce: await nonce(), resources: ['https://example.com/privacy'],
    expirationTime: new Date(Date.now() + 60000).toISOString(),
  });
  const message = siwe.prepareMessage();
  const signature = await wallet.signMessage(message);
  assert.equal((await siwe.verify({ signature })).success, true);
  assert.equal((await verify(message, signature)).status, 200);
  const again = await verify(message, signature);
  assert.equal(again.status, 401);
  assert.match(again.body.error, /nonce/);
});

test('of two verifications at once exactly one passes', async () => {
  const account = privateKeyToAccount(generatePrivateKey());
  const message = createSiweMessage(await fields(account.address));
  const signature = await account.signMessage({ message });
  const answers = await Promise.all([verify(message, signature), verify(message, signature)]);
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 401]);
});

test('a message of another domain, chain, signer or time proves nothing', async () => {
  const account = privateKeyToAccount(generatePrivateKey());
  const other = privateKeyToAccount(generatePrivateKey());
  const changes = [
    { domain: 'evil.example' }, { uri: 'https://evil.example' }, { chainId: 137 }, { address: other.address },
    { expirationTime: new Date(Date.now() - 1000) }, { notBefore: new Date(Date.now() + 60000) },
    { issuedAt: new Date(Date.now() - 86400000) },
  ];
  for (const change of changes) {
    const message = createSiweMessage(await fields(account.address, change));
    assert.equal((await verify(message, await account.signMessage({ message }))).status, 401, JSON.stringify(change));
  }
});

test('a signature of a contract wallet is refused by name', async () => {
  const account = privateKeyToAccount(generatePrivateKey());
  const message = createSiweMessage(await fields(account.address));
  const answer = await verify(message, `0x${'ab'.repeat(194)}`);
  assert.equal(answer.status, 422);
  assert.match(answer.body.error, /EIP-1271/);
});

test('a signature of typed data is not one of a message', async () => {
  const account = privateKeyToAccount(generatePrivateKey());
  const message = createSiweMessage(await fields(account.address));
  const signature = await account.signTypedData({
    domain: { name: 'x' }, types: { M: [{ name: 'message', type: 'string' }] }, primaryType: 'M', message: { message },
  });
  assert.equal((await verify(message, signature)).status, 401);
});
