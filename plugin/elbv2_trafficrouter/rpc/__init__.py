"""The socket's side: messages in, messages out."""
