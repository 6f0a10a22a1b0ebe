package sala.model.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Measures {@link MachineLimits}, as often as asked: a team of the kind that the model runs on, memory far larger than the
 * caches, and loops that are compiled when the constructor returns. A reading may so stand right before or behind what is
 * compared with it. Holds half a gigabyte outside the heap. Not thread-safe.
 *
 * <p>Multiply-adds are done on registers alone. Memory is read as a decode step reads its weights: outside of the heap, in
 * pages of the same kind, by pieces that workers take as they become free, each in four streams, which is faster than one.
 */
public final class LimitMeter implements AutoCloseable {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final int LANES = VectorMath.LANES;
    private static final int VECTOR_BYTES = LANES * Integer.BYTES;

    private static final int READ_BYTES = 1 << 29;

    /** Measured on two processors: pieces of an eighth to the fourfold make no difference, eight streams are slower. */
    private static final int PIECE_BYTES = 1 << 20;

    private static final int STREAMS = 4;

    /**
     * Independent chains of sums, latency times throughput of today's cores: with more than 9 C2 runs the loop at half speed on
     * AVX2.
     */
    private static final int FMA_CHAINS = 8;

    /** Steps that a worker takes at once, some 100 microseconds. */
    private static final int FMA_STEPS = 100_000;

    /** Pieces for each worker, shared out as they become free: none waits for one that the system holds up. */
    private static final int FMA_PIECES = 64;

    /** Short runs first: what is compiled before it is timed need not be interpreted for long. */
    private static final int WARM_UP_RUNS = 3_000;

    private static final int WARM_UP_STEPS = 100;
    private static final int WARM_UP_BYTES = WARM_UP_STEPS * STREAMS * VECTOR_BYTES;

    /** Of a reading's time, what goes to the memory: it is the less steady of the two. */
    private static final double READ_SHARE = 0.75;

    private final WorkerTeam team;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final AtomicInteger nextPiece = new AtomicInteger();
    private final LongAdder sum = new LongAdder();

    /** Gets ready, which takes about half a second. */
    public LimitMeter(int threads) {
        memory = arena.allocate(READ_BYTES, Long.BYTES);
        memory.fill((byte) 1);
        team = new WorkerTeam(threads);
        for (int run = 0; run < WARM_UP_RUNS; run++) {
            sum(memory, 0, WARM_UP_BYTES);
            multiplyAdd(WARM_UP_STEPS, 0.5f);
        }
        read();
        multiplyAdd();
    }

    /**
     * Takes a reading: what the machine does over some time, its disturbances included, as they are in what is compared with it.
     *
     * @param nanos how long it shall take; one pass over the memory and one loop of multiply-adds are the least
     */
    public MachineLimits measure(long nanos) {
        long readNanos = (long) (nanos * READ_SHARE);
        double passesPerSecond = rate(this::read, readNanos);
        double loopsPerSecond = rate(this::multiplyAdd, nanos - readNanos);
        return new MachineLimits(
                team.size(),
                passesPerSecond * READ_BYTES,
                loopsPerSecond * 2.0 * FMA_CHAINS * LANES * FMA_STEPS * FMA_PIECES * team.size());
    }

    private static double rate(Runnable run, long nanos) {
        long start = System.nanoTime();
        int runs = 0;
        long elapsed;
        do {
            run.run();
            runs++;
            elapsed = System.nanoTime() - start;
        } while (elapsed < nanos);
        return runs * 1e9 / Math.max(1, elapsed);
    }

    private void read() {
        nextPiece.set(0);
        sum.reset();
        team.run((_, _) -> {
            int own = 0;
            int pieces = READ_BYTES / PIECE_BYTES;
            for (int piece = nextPiece.getAndIncrement(); piece < pieces; piece = nextPiece.getAndIncrement()) {
                own += sum(memory, piece * PIECE_BYTES, PIECE_BYTES);
            }
            sum.add(own);
        });
        if ((int) sum.sum() != (int) (0x01010101L * (READ_BYTES / Integer.BYTES))) {
            throw new IllegalStateException("the sum of the memory read is wrong");
        }
    }

    private void multiplyAdd() {
        nextPiece.set(0);
        team.run((_, workers) -> {
            while (nextPiece.getAndIncrement() < FMA_PIECES * workers) {
                float result = multiplyAdd(FMA_STEPS, 0.5f);
                if (result != 2f * FMA_CHAINS * LANES) { // x = x / 2 + 1 tends to 2
                    throw new IllegalStateException("the sum of the multiply-adds is wrong: " + result);
                }
            }
        });
    }

    private static int sum(MemorySegment segment, int start, int length) {
        IntVector sum0 = IntVector.zero(INTS);
        IntVector sum1 = sum0;
        IntVector sum2 = sum0;
        IntVector sum3 = sum0;
        int stream = length / STREAMS;
        long start1 = start + (long) stream;
        long start2 = start1 + stream;
        long start3 = start2 + stream;
        for (int at = 0; at < stream; at += VECTOR_BYTES) {
            sum0 = sum0.add(load(segment, (long) start + at));
            sum1 = sum1.add(load(segment, start1 + at));
            sum2 = sum2.add(load(segment, start2 + at));
            sum3 = sum3.add(load(segment, start3 + at));
        }
        return sum0.add(sum1).add(sum2.add(sum3)).reduceLanes(VectorOperators.ADD);
    }

    private static IntVector load(MemorySegment segment, long offsetBytes) {
        return IntVector.fromMemorySegment(INTS, segment, offsetBytes, ByteOrder.LITTLE_ENDIAN);
    }

    private static float multiplyAdd(int steps, float factor) {
        FloatVector f = FloatVector.broadcast(SPECIES, factor);
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        FloatVector s4 = s0;
        FloatVector s5 = s0;
        FloatVector s6 = s0;
        FloatVector s7 = s0;
        for (int step = 0; step < steps; step++) {
            s0 = s0.fma(f, one);
            s1 = s1.fma(f, one);
            s2 = s2.fma(f, one);
            s3 = s3.fma(f, one);
            s4 = s4.fma(f, one);
            s5 = s5.fma(f, one);
            s6 = s6.fma(f, one);
            s7 = s7.fma(f, one);
        }
        FloatVector sum = s0.add(s1).add(s2.add(s3)).add(s4.add(s5).add(s6.add(s7)));
        return sum.reduceLanes(VectorOperators.ADD);
    }

    @Override
    public void close() {
        team.close();
        arena.close();
    }
}
