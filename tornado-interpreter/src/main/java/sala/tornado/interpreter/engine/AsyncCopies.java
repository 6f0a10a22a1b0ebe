package sala.tornado.interpreter.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A lane's copies from global to local memory that are under way. */
final class AsyncCopies {
    /** One element on its way. */
    record Copy(int[] tile, int index, int value, int site) {}

    private final Deque<List<Copy>> committed = new ArrayDeque<>();
    private List<Copy> open = new ArrayList<>();

    void add(Copy copy) {
        open.add(copy);
    }

    void commit() {
        committed.addLast(open);
        open = new ArrayList<>();
    }

    /** The copies that have arrived when at most so many groups are under way. */
    List<Copy> arrived(int groupsUnderWay) {
        List<Copy> arrived = new ArrayList<>();
        while (committed.size() > groupsUnderWay) {
            arrived.addAll(committed.removeFirst());
        }
        return arrived;
    }
}
