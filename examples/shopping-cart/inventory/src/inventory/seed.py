"""What lies in the warehouse when it opens: plenty of most, and some of which carts will run short."""

STOCK = {
    "apple": 10_000,
    "apricot": 10_000,
    "banana": 10_000,
    "blueberry": 10_000,
    "cherry": 10_000,
    "cranberry": 10_000,
    "date": 10_000,
    "elderberry": 10_000,
    "fig": 10_000,
    "grape": 10_000,
    "kiwi": 10_000,
    "lemon": 10_000,
    "mango": 10_000,
    "orange": 10_000,
    "peach": 10_000,
    "pear": 10_000,
    "dragonfruit": 25,
    "quince": 10,
    "saffron": 3,
    "truffle": 1,
}
