package sala.tornado.interpreter.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Who touched which element of an array, to find races. An access is a race where another lane touches the same element,
 * one of the two writes, and nothing orders them: no barrier in a work group, nothing at all between work groups.
 *
 * <p>An entry is a tag of 63 bits: era (13), work group (20), barriers passed (18), lane (10), several lanes (1), atomic
 * (1). The era tells launches apart, so that nothing is cleared between them. Two readers suffice to find one that is
 * not the writer; two groups of readers likewise.
 */
final class Shadow {
    static final int LANE_SHIFT = 2;
    static final int EPOCH_SHIFT = 12;
    static final int GROUP_SHIFT = 30;
    static final int ERA_SHIFT = 50;
    static final int MAX_LANES = 1 << (EPOCH_SHIFT - LANE_SHIFT);
    static final int MAX_EPOCHS = 1 << (GROUP_SHIFT - EPOCH_SHIFT);
    static final int MAX_GROUPS = 1 << (ERA_SHIFT - GROUP_SHIFT);
    private static final int MAX_ERAS = 1 << (63 - ERA_SHIFT);
    private static final long ATOMIC = 1;
    private static final long SEVERAL = 2;

    private final boolean betweenGroups;
    private final long[] writes;
    private final int[] writeSites;
    private long @Nullable [] firstReaders;
    private long @Nullable [] secondReaders;
    private long @Nullable [] readerGroups;
    private int era;

    /** @param betweenGroups whether work groups share the array, as they share global memory */
    Shadow(int size, boolean betweenGroups) {
        this.betweenGroups = betweenGroups;
        this.writes = new long[size];
        this.writeSites = new int[size];
    }

    /** Forgets all accesses, as between launches. */
    void forget() {
        era++;
        if (era == MAX_ERAS) {
            clear(writes);
            clear(firstReaders);
            clear(secondReaders);
            clear(readerGroups);
            era = 1;
        }
    }

    private static void clear(long @Nullable [] entries) {
        if (entries != null) {
            Arrays.fill(entries, 0);
        }
    }

    void read(int element, long laneTag, Lane lane, int site, String array) {
        long tag = (long) era << ERA_SHIFT | laneTag;
        long written = writes[element];
        if (written >>> ERA_SHIFT == era) {
            checkAgainstWrite(element, tag, written, lane, site, array, "reads");
        }
        recordRead(element, tag);
    }

    private void recordRead(int element, long tag) {
        long[] first = firstReaders;
        long[] second = secondReaders;
        if (first == null || second == null) {
            first = new long[writes.length];
            second = new long[writes.length];
            firstReaders = first;
            secondReaders = second;
            if (betweenGroups) {
                readerGroups = new long[writes.length];
            }
        }
        long difference = first[element] ^ tag;
        if (difference >>> EPOCH_SHIFT != 0) {
            first[element] = tag;
        } else if (difference != 0) {
            second[element] = tag;
        }
        long[] groups = readerGroups;
        if (groups != null) {
            long group = tag >>> GROUP_SHIFT & MAX_GROUPS - 1;
            long known = groups[element];
            if (known >>> ERA_SHIFT != era) {
                groups[element] = (long) era << ERA_SHIFT | group << 20 | group;
            } else if ((known >>> 20 & MAX_GROUPS - 1) != group) {
                groups[element] = (known & -MAX_GROUPS) | group;
            }
        }
    }

    void write(int element, long laneTag, Lane lane, int site, String array) {
        long tag = (long) era << ERA_SHIFT | laneTag;
        long written = writes[element];
        if (written >>> ERA_SHIFT == era) {
            checkAgainstWrite(element, tag, written, lane, site, array, "writes");
        }
        checkAgainstReads(element, tag, lane, site, array);
        writes[element] = tag;
        writeSites[element] = site;
    }

    void atomic(int element, long laneTag, Lane lane, int site, String array) {
        long tag = (long) era << ERA_SHIFT | laneTag;
        long written = writes[element];
        boolean sameEra = written >>> ERA_SHIFT == era;
        boolean bothAtomic = sameEra && (written & ATOMIC) != 0;
        if (sameEra && !bothAtomic) {
            checkAgainstWrite(element, tag, written, lane, site, array, "adds atomically to");
        }
        checkAgainstReads(element, tag, lane, site, array);
        long difference = written ^ tag;
        if (sameEra && difference >>> EPOCH_SHIFT == 0) {
            boolean otherLane = bothAtomic && difference >>> LANE_SHIFT != 0;
            writes[element] = otherLane ? written | SEVERAL : written;
        } else {
            writes[element] = tag | ATOMIC;
            writeSites[element] = site;
        }
    }

    private void checkAgainstWrite(
            int element, long tag, long written, Lane lane, int site, String array, String verb) {
        long difference = written ^ tag;
        String how = (written & ATOMIC) != 0 ? "adds to atomically" : "writes";
        if (difference >>> GROUP_SHIFT != 0) {
            if (betweenGroups) {
                throw lane.failure(
                        site,
                        "%s %s[%d], which work group %s %s (%s) in the same launch: work groups run in no order; give each element to one group, or split the task in two"
                                .formatted(
                                        verb,
                                        array,
                                        element,
                                        lane.group.groupName(groupOf(written)),
                                        how,
                                        lane.group.site(writeSites[element]).place()));
            }
        } else if (difference >>> EPOCH_SHIFT == 0 && (difference >>> LANE_SHIFT != 0 || (written & SEVERAL) != 0)) {
            throw lane.failure(
                    site,
                    "%s %s[%d], which lane %s %s (%s) with no %s between: put context.%s() between the two, or give each element to one lane"
                            .formatted(
                                    verb,
                                    array,
                                    element,
                                    lane.group.laneName(laneOf(written)),
                                    how,
                                    lane.group.site(writeSites[element]).place(),
                                    barrier(),
                                    barrier()));
        }
    }

    private void checkAgainstReads(int element, long tag, Lane lane, int site, String array) {
        long[] first = firstReaders;
        long[] second = secondReaders;
        if (first == null || second == null) {
            return;
        }
        long reader = otherLane(first[element], tag) ? first[element] : second[element];
        if (otherLane(reader, tag)) {
            throw lane.failure(
                    site,
                    "writes %s[%d], which lane %s reads with no %s between: put context.%s() between the read and the write"
                            .formatted(array, element, lane.group.laneName(laneOf(reader)), barrier(), barrier()));
        }
        long[] groups = readerGroups;
        if (groups != null && groups[element] >>> ERA_SHIFT == era) {
            long group = tag >>> GROUP_SHIFT & MAX_GROUPS - 1;
            long one = groups[element] >>> 20 & MAX_GROUPS - 1;
            long other = one == group ? groups[element] & MAX_GROUPS - 1 : one;
            if (other != group) {
                throw lane.failure(
                        site,
                        "writes %s[%d], which work group %s reads in the same launch: work groups run in no order; write to another array, or split the task in two"
                                .formatted(array, element, lane.group.groupName((int) other)));
            }
        }
    }

    /** Whether an entry is of the same work group and epoch, but of another lane. */
    private static boolean otherLane(long entry, long tag) {
        long difference = entry ^ tag;
        return difference >>> EPOCH_SHIFT == 0 && difference >>> LANE_SHIFT != 0;
    }

    private String barrier() {
        return betweenGroups ? "globalBarrier" : "localBarrier";
    }

    private static int groupOf(long tag) {
        return (int) (tag >>> GROUP_SHIFT & MAX_GROUPS - 1);
    }

    private static int laneOf(long tag) {
        return (int) (tag >>> LANE_SHIFT & MAX_LANES - 1);
    }
}
