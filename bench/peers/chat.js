'use strict';
/*
 * The chat server of the tutorials for Node: an array of clients, and one write for each line and
 * client.  It asks in Chinese for a nickname, says who comes and goes, and knows no rooms, no
 * commands and no limits.  The port on 127.0.0.1 is its only argument.
 *
 * It differs from a first attempt where that would be measured instead of Node, or would
 * end the server: a line is a line however it arrives, an error of a socket is heard, and Nagle's
 * algorithm (RFC 896) is off, which would hold each line back until the recipient has acknowledged
 * the one before.
 */
const net = require('node:net');

const clients = [];

function broadcast(text, except) {
  clients.forEach((client) => {
    if (client !== except) {
      client.write(text);
    }
  });
}

function taken(nickname) {
  return clients.some((client) => client.nickname === nickname);
}

function lineReceived(socket, line) {
  if (socket.nickname) {
    broadcast(`${socket.nickname} 说：${line}\r\n`, socket);
  } else if (taken(line)) {
    socket.write(`${line}该昵称被占用了,请更换\r\n`);
  } else {
    socket.nickname = line;
    clients.push(socket);
    broadcast(`欢迎${line}加入\r\n`, socket);
  }
}

const server = net.createServer((socket) => {
  let rest = '';
  socket.setEncoding('utf8');
  socket.setNoDelay(true);
  socket.write(`在线人数: ${clients.length}\r\n请输入昵称: \r\n`);

  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    lines.forEach((line) => lineReceived(socket, line.replace(/\r$/, '')));
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    const index = clients.indexOf(socket);
    if (index >= 0) {
      clients.splice(index, 1);
      broadcast(`${socket.nickname}离开聊天室\r\n`);
    }
  });
});

server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 1024 });
