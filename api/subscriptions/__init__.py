"""Long-lived GraphQL: operations over WebSocket and server-sent events; knows no noun."""
