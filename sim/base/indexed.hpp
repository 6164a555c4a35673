// SPDX-License-Identifier: Apache-2.0
// Positions in lists of one kind, and lists that such positions find their entries in.
#pragma once

#include <cstddef>
#include <vector>

namespace brownout {

/// A position, counted from 0. Positions in lists of different kinds have different tags, so that
/// none is taken for the other. "None" is an empty std::optional.
template <class Tag>
class Index {
 public:
  constexpr Index() = default;
  constexpr explicit Index(std::size_t number) : number_(number) {}

  constexpr std::size_t number() const { return number_; }
  constexpr Index& operator++() {
    ++number_;
    return *this;
  }

  friend constexpr bool operator==(Index a, Index b) { return a.number_ == b.number_; }
  friend constexpr bool operator!=(Index a, Index b) { return a.number_ != b.number_; }
  friend constexpr bool operator<(Index a, Index b) { return a.number_ < b.number_; }

 private:
  std::size_t number_ = 0;
};

/// The positions [0, size) in order, for loops.
template <class Position>
class Indices {
 public:
  class Iterator {
   public:
    constexpr explicit Iterator(Position at) : at_(at) {}
    constexpr Position operator*() const { return at_; }
    constexpr Iterator& operator++() {
      ++at_;
      return *this;
    }
    constexpr bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    Position at_;
  };

  constexpr explicit Indices(std::size_t size) : size_(size) {}
  constexpr Iterator begin() const { return Iterator(Position()); }
  constexpr Iterator end() const { return Iterator(Position(size_)); }

 private:
  std::size_t size_;
};

/// A vector whose entries are found by positions of one kind. A plain number is a count of entries;
/// a position of another kind does not compile.
template <class Position, class T>
class Table : public std::vector<T> {
 public:
  using std::vector<T>::vector;
  using std::vector<T>::operator[];
  typename std::vector<T>::reference operator[](Position at) { return (*this)[at.number()]; }
  typename std::vector<T>::const_reference operator[](Position at) const {
    return (*this)[at.number()];
  }

  bool contains(Position at) const { return at.number() < this->size(); }
  Indices<Position> indices() const { return Indices<Position>(this->size()); }
};

}  // namespace brownout
