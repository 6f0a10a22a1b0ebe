package sala.model.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.LongAdder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the machine can do at best, measured in this process with the vector width that the model uses: the yardsticks
 * of decode, which streams weights, and of prefill, which multiplies. Each figure is the best of several runs, since
 * anything else that runs at the time can only lower it.
 *
 * @param threads threads that measured
 * @param readBytesPerSecond sequential reads of memory far larger than the caches
 * @param flopsPerSecond f32 multiply-adds on registers, each counted as 2
 */
public record MachineLimits(int threads, double readBytesPerSecond, double flopsPerSecond) {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final int LANES = VectorMath.LANES;

    private static final long READ_BYTES = 1L << 29;
    private static final int READ_UNROLL = 4;
    private static final int READ_STEP = READ_UNROLL * LANES * Integer.BYTES;
    private static final int READ_RUNS = 32;

    /** Independent chains of sums, latency times throughput of today's cores: with more than 9 C2 runs the loop at half speed on AVX2. */
    private static final int FMA_CHAINS = 8;

    private static final int FMA_STEPS = 4_000_000;
    private static final int FMA_RUNS = 64;

    /** Short runs first: what is compiled before it is timed need not be interpreted for long. */
    private static final int WARM_UP_RUNS = 3_000;

    private static final int WARM_UP_STEPS = 100;

    /** Measures with the given number of threads; takes one or two seconds and half a gigabyte outside the heap. */
    public static MachineLimits measure(int threads) {
        try (WorkerTeam team = new WorkerTeam(threads)) {
            return new MachineLimits(threads, measureReads(team), measureMultiplyAdds(team));
        }
    }

    private static double measureReads(WorkerTeam team) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment segment = arena.allocate(READ_BYTES, Long.BYTES);
            segment.fill((byte) 1);
            for (int run = 0; run < WARM_UP_RUNS; run++) {
                sum(segment, 0, WARM_UP_STEPS);
            }
            LongAdder sink = new LongAdder();
            int steps = (int) (READ_BYTES / READ_STEP);
            WorkerTeam.Job job = (worker, workers) -> sink.add(sum(
                    segment,
                    WorkerTeam.shareStart(steps, 1, worker, workers),
                    WorkerTeam.shareStart(steps, 1, worker + 1, workers)));
            double best = Double.MAX_VALUE;
            for (int run = 0; run < READ_RUNS; run++) {
                best = Math.min(best, seconds(team, job));
            }
            long expected = 0x01010101L * (READ_BYTES / Integer.BYTES) * READ_RUNS;
            if ((int) sink.sum() != (int) expected) {
                throw new IllegalStateException("the sum of the memory read is wrong");
            }
            return READ_BYTES / best;
        }
    }

    private static double measureMultiplyAdds(WorkerTeam team) {
        for (int run = 0; run < WARM_UP_RUNS; run++) {
            multiplyAdd(WARM_UP_STEPS, 0.5f);
        }
        float[] results = new float[team.size()];
        WorkerTeam.Job job = (worker, workers) -> results[worker] = multiplyAdd(FMA_STEPS, 0.5f);
        double best = Double.MAX_VALUE;
        for (int run = 0; run < FMA_RUNS; run++) {
            best = Math.min(best, seconds(team, job));
        }
        // x = x / 2 + 1 tends to 2
        for (float result : results) {
            if (result != 2f * FMA_CHAINS * LANES) {
                throw new IllegalStateException("the sum of the multiply-adds is wrong: " + result);
            }
        }
        return 2.0 * FMA_CHAINS * LANES * FMA_STEPS * team.size() / best;
    }

    private static double seconds(WorkerTeam team, WorkerTeam.Job job) {
        long start = System.nanoTime();
        team.run(job);
        return (System.nanoTime() - start) * 1e-9;
    }

    private static int sum(MemorySegment segment, int fromStep, int toStep) {
        IntVector sum0 = IntVector.zero(INTS);
        IntVector sum1 = sum0;
        IntVector sum2 = sum0;
        IntVector sum3 = sum0;
        int vectorBytes = LANES * Integer.BYTES;
        for (int step = fromStep; step < toStep; step++) {
            long at = (long) step * READ_STEP;
            sum0 = sum0.add(load(segment, at));
            sum1 = sum1.add(load(segment, at + vectorBytes));
            sum2 = sum2.add(load(segment, at + 2L * vectorBytes));
            sum3 = sum3.add(load(segment, at + 3L * vectorBytes));
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
}
