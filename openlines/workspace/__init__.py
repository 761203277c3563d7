"""The operators' desk: server-rendered pages and the fragments that keep them current. Decides nothing by itself."""
