"""What the product does: one verb a function, the only writers. Lock order: line queue, client, dialog."""
