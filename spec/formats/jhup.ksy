meta:
  id: jhup
  title: JSON-Header Upload Protocol, version 1
  license: MIT
  ks-version: '0.10'
  encoding: UTF-8
  endian: le
doc: |
  What a client sends on one connection: requests, one after the other, to the end of the stream (chapter 2). What a
  server sends is the type `reply_stream`.

  The length of a body stands inside the JSON header (FRAME-2), and Kaitai Struct can't read JSON. So the one thing that
  it can't know is asked of the program around it: a custom process with the name `jhup_body_size`, a function of a few
  lines in each language, which is given the bytes of a header and gives back eight bytes, the length of the body after
  it as an unsigned little-endian number: `filesize` when `cmd` is "put", and 0 otherwise (ERR-11). It reports an error
  for a malformed header (section 3.2), because then the end of the request can't be known. `jhup_body_size.py` beside
  this file is that function for Python.

  With nothing but this file, as in the web IDE, the types `frame_head` and `reply_stream` can be used: neither asks.

  A stream that ends inside a frame ends in an error of the reader; the frames before it are there when the parser is
  compiled without reading on its own (`--no-auto-read`, or debug mode).
seq:
  - id: requests
    type: request
    repeat: eos
types:
  request:
    doc: A prefix, a header, and for a put a body.
    seq:
      - id: head
        type: frame_head
      - id: body
        size: len_body
        doc: FRAME-2. Empty for every command but put.
    instances:
      len_body:
        value: head.header.asked.len_body
        doc: What the process `jhup_body_size` said.
  reply_stream:
    doc: What a server sends on one connection. A reply has no body (REPLY-4).
    seq:
      - id: replies
        type: frame_head
        repeat: eos
  frame_head:
    doc: A prefix, and the header that it announces.
    seq:
      - id: len_header
        type: s4
        valid:
          min: 2
          max: 1048576
        doc: FRAME-1, FRAME-14, FRAME-15. Many servers have a lower limit, but none below 65,536.
      - id: header
        type: header
        size: len_header
  header:
    doc: The bytes of one JSON object in UTF-8; request.schema.json and reply.schema.json tell its members.
    seq:
      - id: json
        type: str
        size-eos: true
        doc: HEAD-4. Bytes that are no UTF-8 are an error here already.
    instances:
      asked:
        pos: 0
        size-eos: true
        process: jhup_body_size
        type: body_size
        doc: Only for requests.
  body_size:
    doc: What the process `jhup_body_size` gives.
    seq:
      - id: len_body
        type: u8
