import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWebhookClient } from '../../../local/event-grid/webhook.ts';

let server: Server;
let url: string;
/** What the server does with a request, by its number on the connection. */
let onRequest: (socket: Socket, number: number) => void;
let requests: number;
const sockets = new Set<Socket>();

const answer = (socket: Socket) =>
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok');

beforeEach(async () => {
  requests = 0;
  server = createServer((socket) => {
    let number = 0;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => {
      number += 1;
      requests += 1;
      onRequest(socket, number);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/`;
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

const request = () => ({ method: 'OPTIONS', url, headers: {}, timeoutMilliseconds: 200 }) as const;

test('a kept-alive connection that dies when it is used again costs no answer', async () => {
  onRequest = (socket, number) => (number === 1 ? answer(socket) : socket.destroy());
  const client = createWebhookClient();
  for (let round = 0; round < 5; round += 1) {
    expect(await client.call(request())).toMatchObject({
      kind: 'answered',
      status: 200,
      body: 'ok',
    });
  }
  client.close();
});

test('a new connection that dies is a failed attempt, sent once', async () => {
  onRequest = (socket) => socket.destroy();
  const client = createWebhookClient();
  expect(await client.call(request())).toEqual({ kind: 'unanswered', outcome: 'SocketError' });
  expect(requests).toBe(1);
  client.close();
});

test('silence ends with the time limit, also on a used connection, and is sent once', async () => {
  onRequest = (socket, number) => (number === 1 ? answer(socket) : undefined);
  const client = createWebhookClient();
  await client.call(request());
  expect(await client.call(request())).toEqual({ kind: 'unanswered', outcome: 'TimedOut' });
  expect(requests).toBe(2);
  client.close();
});

test('an answer that breaks off is no answer', async () => {
  onRequest = (socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart');
  };
  const client = createWebhookClient();
  expect(await client.call(request())).toMatchObject({ kind: 'unanswered' });
  client.close();
});
