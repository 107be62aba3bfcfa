"""A lexicon as a prefix tree, in flat arrays."""

from collections.abc import Iterable

import numpy as np

from course_utils.ocr.alphabet import Alphabet


class Trie:
    """The prefix tree of a lexicon.

    Nodes are numbered level by level from the root, 0, so that a node's children are neighbours.

    Args:
        words: the lexicon; case counts.
        alphabet: encodes the words; the default alphabet if not given.

    Attributes:
        alphabet: the alphabet.
        labels: (words, L) int32 class ids of the distinct words, sorted, padded with the blank.
        symbol: (nodes,) class id on the way into a node; the blank for the root.
        word: (nodes,) row of ``labels`` that ends in a node, or -1.
        first_child: (nodes + 1,) the children of node k are ``first_child[k]`` up to but without
            ``first_child[k + 1]``.

    Raises:
        ValueError: there is no word.
        LabelError: a word is no label of the alphabet.
    """

    def __init__(self, words: Iterable[str], alphabet: Alphabet | None = None) -> None:
        self.alphabet = alphabet or Alphabet()
        words = sorted(set(words))
        if not words:
            raise ValueError("the lexicon is empty: give it at least one word")
        blank = self.alphabet.blank
        self.labels = np.unique(
            self.alphabet.encode_batch(words, length=max(map(len, words))), axis=0
        )
        symbols, parents = [np.array([blank])], [np.array([-1])]
        nodes = 1
        node_of_row = np.zeros(len(self.labels), int)
        for column in self.labels.T:
            rows = np.flatnonzero(column != blank)
            branch = np.stack((node_of_row[rows], column[rows]))
            is_new = np.append(True, (branch[:, 1:] != branch[:, :-1]).any(axis=0))
            node_of_row[rows] = nodes - 1 + np.cumsum(is_new)
            parents.append(branch[0, is_new])
            symbols.append(branch[1, is_new])
            nodes += len(parents[-1])
        self.symbol = np.concatenate(symbols)
        self.word = np.full(nodes, -1)
        self.word[node_of_row] = np.arange(len(self.labels))
        self.first_child = np.searchsorted(np.concatenate(parents), np.arange(nodes + 1))

    def children(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All children of many nodes.

        Args:
            nodes: (n,) nodes.

        Returns:
            For each child, the position of its parent in ``nodes`` and its own node, both (m,).
        """
        first = self.first_child[nodes]
        number = self.first_child[nodes + 1] - first
        parent = np.repeat(np.arange(len(nodes)), number)
        nth = np.arange(len(parent)) - (np.cumsum(number) - number)[parent]
        return parent, first[parent] + nth
