"""What is kept, for how long and how much. A new kind of thing that may go: its items in `items`, how in `removing`."""
