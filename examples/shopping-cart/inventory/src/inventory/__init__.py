"""The warehouse of the shopping cart: keeps the stock, and reserves it for carts."""
