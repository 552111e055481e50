// The chat server that Go's books teach: a goroutine that reads and one that writes for each
// connection, a channel of lines between them, and a lock on the rooms.
//
// It speaks the protocol of bench/limit: a greeting, the nickname, "/join NAME", and lines that the
// others in the room hear.  The port on 127.0.0.1 is its only argument.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"sync"
)

// How many lines may wait for a slow recipient, who is dropped beyond it: nothing waits for them.
const waiting = 1024

var join = []byte("/join ")

type client struct {
	connection net.Conn
	nick       []byte
	room       *room
	lines      chan []byte
}

type room struct {
	sync.Mutex
	clients map[*client]struct{}
}

var rooms = struct {
	sync.Mutex
	byName map[string]*room
}{byName: map[string]*room{}}

func roomNamed(name string) *room {
	rooms.Lock()
	defer rooms.Unlock()
	found := rooms.byName[name]
	if found == nil {
		found = &room{clients: map[*client]struct{}{}}
		rooms.byName[name] = found
	}
	return found
}

func (r *room) said(sender *client, text []byte) {
	line := make([]byte, 0, len(sender.nick)+len(text)+4)
	line = append(line, sender.nick...)
	line = append(line, ": "...)
	line = append(line, text...)
	line = append(line, "\r\n"...)
	r.Lock()
	defer r.Unlock()
	for recipient := range r.clients {
		if recipient == sender {
			continue
		}
		select {
		case recipient.lines <- line:
		default:
			recipient.connection.Close()
		}
	}
}

func (c *client) enter(name string) {
	c.leave()
	c.room = roomNamed(name)
	c.room.Lock()
	c.room.clients[c] = struct{}{}
	c.room.Unlock()
}

func (c *client) leave() {
	if c.room != nil {
		c.room.Lock()
		delete(c.room.clients, c)
		c.room.Unlock()
	}
}

func (c *client) write() {
	output := bufio.NewWriter(c.connection)
	for line := range c.lines {
		output.Write(line)
		if len(c.lines) == 0 && output.Flush() != nil {
			break
		}
	}
	c.connection.Close()
}

func (c *client) read() {
	input := bufio.NewScanner(c.connection)
	for input.Scan() {
		line := input.Bytes()
		switch {
		case c.nick == nil:
			c.nick = append([]byte{}, line...)
			c.enter("#lobby")
		case bytes.HasPrefix(line, join):
			c.enter(string(line[len(join):]))
		case !bytes.HasPrefix(line, []byte("/")):
			c.room.said(c, line)
		}
	}
	// Only the room writes to this channel, and the client has left it.
	c.leave()
	close(c.lines)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: %s PORT", os.Args[0]))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		fail(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		// Go sets TCP_NODELAY by itself.
		c := &client{connection: connection, lines: make(chan []byte, waiting)}
		c.lines <- []byte("Who are you?\r\n")
		go c.write()
		go c.read()
	}
}
