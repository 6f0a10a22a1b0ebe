package sala.kernels.attention;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.storage.Storage;
import sala.kernels.storage.StorageType;
import sala.kernels.storage.StorageVariants;
import sala.kernels.storage.Stored;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Causal softmax attention over the whole cache, as flash attention: keys and values pass in tiles, an online softmax
 * keeps maximum and sum, scores are never stored.
 *
 * <pre>
 *   out[t, h] = sum over j &lt;= position + t of softmax_j(attentionScale q[t, h] . keys[g, j]) values[g, j],
 *   g = h / groupSize
 * </pre>
 *
 * <p>Two uses of one kernel. Prefill ({@link #addTo}): a work group computes {@value #ROWS} rows, a row being a token
 * and a query head of one KV head, so that a group's heads share the loaded keys. Decode ({@link #addSplitTo}): the keys
 * are shared out among {@code numSplits} work groups by the context length that the step says, whole tiles each;
 * {@link SplitCombine} joins their partial results.
 *
 * <p>Launch: {@value #LANES} lanes a work group, four quarters of 32. A quarter computes four rows: of the scores each
 * lane two keys, of the output each lane every 32nd channel. Sums in f32. Ground truth:
 * {@link sala.kernels.reference.DenseAttention}.
 */
@StorageVariants(StorageType.F16)
public final class DenseAttentionF32 {
    private static final int LANES = 128;
    private static final int ROWS = 16;
    private static final int KEYS = 64;
    /** Row of a query in local memory. */
    private static final int QUERY_STRIDE = AttentionArguments.MAX_HEAD_DIM;
    /** Loads that a lane has in flight. */
    private static final int BATCH = 16;
    /** Head dims of which a tile is a whole number of batches. */
    private static final int BATCH_MULTIPLE = BATCH * LANES / KEYS;
    /** 8 more than a multiple of 32, so that four rows of eight lanes meet 32 banks. */
    private static final int WEIGHT_STRIDE = KEYS + 8;
    /** Lanes that reduce a row. */
    private static final int ROW_LANES = LANES / ROWS;
    /** Score of a key that a row does not see; finite, since some devices compile without infinities. */
    private static final float MASKED = -1e30f;
    /** Above {@link #MASKED}, below every score. */
    private static final float VISIBLE = -0.5e30f;

    private DenseAttentionF32() {}

    /**
     * Adds attention of one or many tokens to a graph, a work group for {@value #ROWS} rows.
     *
     * @param q {@code [tokenCapacity, numHeads, headDim]}, f32
     * @param keys {@code [numKvHeads, capacity, headDim]}, those of the call appended
     * @param values as keys
     * @param out {@code [tokenCapacity, numHeads, headDim]}, f32; the call's tokens are written
     * @param step see {@link Step}
     * @param shape heads
     * @param layout of the cache
     * @param tokenCapacity most tokens of a call
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray q,
            @Stored FloatArray keys,
            @Stored FloatArray values,
            FloatArray out,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            int tokenCapacity) {
        AttentionArguments.requireHeads(shape, layout);
        AttentionArguments.requireArrays(q, keys, values, out, step, shape, layout, tokenCapacity);
        addTask(graph, task, q, keys, values, out, 1, step, shape, layout, tokenCapacity);
    }

    /**
     * Adds attention whose keys are shared out among work groups: for one token, or few, over a long context. Two tasks,
     * {@code task} and {@code task + "Combine"}.
     *
     * @param partials scratch for {@code tokenCapacity} tokens; see {@link #addTo} for the other arguments
     */
    public static void addSplitTo(
            KernelGraph graph,
            String task,
            FloatArray q,
            @Stored FloatArray keys,
            @Stored FloatArray values,
            SplitPartials partials,
            FloatArray out,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            int tokenCapacity) {
        AttentionArguments.requireHeads(shape, layout);
        AttentionArguments.requireArrays(q, keys, values, out, step, shape, layout, tokenCapacity);
        partials.requireShape(shape, tokenCapacity);
        KernelArguments.requireOneOf("rows", partials.rows(), shape.groupSize());
        if (partials.numSplits() == 1) {
            addTo(graph, task, q, keys, values, out, step, shape, layout, tokenCapacity);
            return;
        }
        addTask(
                graph,
                task,
                q,
                keys,
                values,
                partials.results(),
                partials.numSplits(),
                step,
                shape,
                layout,
                tokenCapacity);
        SplitCombine.addTo(graph, task + "Combine", partials, out, step, shape, tokenCapacity, 0);
    }

    private static void addTask(
            KernelGraph graph,
            String task,
            FloatArray q,
            @Stored FloatArray keys,
            @Stored FloatArray values,
            FloatArray results,
            int numSplits,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            int tokenCapacity) {
        int rowTiles = Math.ceilDiv(Math.multiplyExact(tokenCapacity, shape.groupSize()), ROWS);
        graph.taskGraph()
                .task(
                        task,
                        DenseAttentionF32::attend,
                        graph.context(),
                        q,
                        keys,
                        values,
                        results,
                        step,
                        shape.groupSize(),
                        shape.numKvHeads(),
                        shape.headDim(),
                        layout.capacity(),
                        numSplits,
                        (float) shape.attentionScale());
        int workGroups = Math.multiplyExact(Math.multiplyExact(rowTiles, shape.numKvHeads()), numSplits);
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(workGroups, LANES));
        grid.setLocalWork(LANES, 1, 1);
        graph.grid(task, grid);
    }

    /**
     * The kernel. Work groups: row tile, then KV head, then split, the split varying fastest.
     *
     * @param results with one split the output, else as in {@link SplitPartials}
     */
    public static void attend(
            KernelContext context,
            FloatArray q,
            @Stored FloatArray keys,
            @Stored FloatArray values,
            FloatArray results,
            IntArray step,
            int groupSize,
            int numKvHeads,
            int headDim,
            int capacity,
            int numSplits,
            float attentionScale) {
        float[] queries = context.allocateFloatLocalArray(ROWS * QUERY_STRIDE);
        float[] tile = context.allocateFloatLocalArray(
                KEYS * (AttentionArguments.MAX_HEAD_DIM + 1)); // of keys, then of values
        float[] weights = context.allocateFloatLocalArray(ROWS * WEIGHT_STRIDE); // scores, then softmax numerators
        float[] laneResults = context.allocateFloatLocalArray(LANES);
        float[] rescale = context.allocateFloatLocalArray(ROWS);

        int lane = context.localIdx;
        int workGroup = context.groupIdx;
        int split = workGroup % numSplits;
        int kvHead = workGroup / numSplits % numKvHeads;
        int firstRow = workGroup / numSplits / numKvHeads * ROWS;
        int cacheLength = step.get(Step.POSITION);
        int numTokens = step.get(Step.NUM_TOKENS);
        int numRows = numTokens * groupSize;
        int numHeads = groupSize * numKvHeads;
        int quarterRow = lane / 32 * 4; // first of the quarter's four rows
        int column = lane % 32;
        int reducedRow = lane / ROW_LANES;
        int part = lane % ROW_LANES;

        int elements = ROWS * headDim;
        for (int i = lane; i < elements; i += 4 * LANES) {
            float query0 = query(q, i, firstRow, numRows, kvHead, groupSize, numHeads, headDim);
            float query1 = query(q, i + LANES, firstRow, numRows, kvHead, groupSize, numHeads, headDim);
            float query2 = query(q, i + 2 * LANES, firstRow, numRows, kvHead, groupSize, numHeads, headDim);
            float query3 = query(q, i + 3 * LANES, firstRow, numRows, kvHead, groupSize, numHeads, headDim);
            queries[i / headDim * QUERY_STRIDE + i % headDim] = attentionScale * query0;
            if (i + LANES < elements) {
                queries[(i + LANES) / headDim * QUERY_STRIDE + (i + LANES) % headDim] = attentionScale * query1;
            }
            if (i + 2 * LANES < elements) {
                queries[(i + 2 * LANES) / headDim * QUERY_STRIDE + (i + 2 * LANES) % headDim] = attentionScale * query2;
            }
            if (i + 3 * LANES < elements) {
                queries[(i + 3 * LANES) / headDim * QUERY_STRIDE + (i + 3 * LANES) % headDim] = attentionScale * query3;
            }
        }
        // Rows past the call see what its last token sees; they are not written.
        int position0 = TornadoMath.min(cacheLength + (firstRow + quarterRow) / groupSize, cacheLength + numTokens - 1);
        int position1 =
                TornadoMath.min(cacheLength + (firstRow + quarterRow + 1) / groupSize, cacheLength + numTokens - 1);
        int position2 =
                TornadoMath.min(cacheLength + (firstRow + quarterRow + 2) / groupSize, cacheLength + numTokens - 1);
        int position3 =
                TornadoMath.min(cacheLength + (firstRow + quarterRow + 3) / groupSize, cacheLength + numTokens - 1);
        int lastPosition =
                TornadoMath.min(cacheLength + (firstRow + ROWS - 1) / groupSize, cacheLength + numTokens - 1);
        int numTiles = lastPosition / KEYS + 1;
        int tilesPerSplit = (numTiles + numSplits - 1) / numSplits;
        int firstKey = split * tilesPerSplit * KEYS;
        int endKey = TornadoMath.min(lastPosition + 1, firstKey + tilesPerSplit * KEYS);
        if (firstRow >= numRows) {
            endKey = 0; // a work group past the call: no tiles, and no row is written
        }

        int keyStride = headDim + 1; // odd for every usual headDim, so that a channel of 32 keys lies in 32 banks
        int batched = headDim % BATCH_MULTIPLE == 0 ? KEYS * headDim : 0;
        float runningMax = MASKED; // of row reducedRow, the same in all its lanes
        float runningSum = 0f; // of this lane's keys
        float out00 = 0f;
        float out01 = 0f;
        float out02 = 0f;
        float out03 = 0f;
        float out10 = 0f;
        float out11 = 0f;
        float out12 = 0f;
        float out13 = 0f;
        float out20 = 0f;
        float out21 = 0f;
        float out22 = 0f;
        float out23 = 0f;
        float out30 = 0f;
        float out31 = 0f;
        float out32 = 0f;
        float out33 = 0f;

        for (int tileKey = firstKey; tileKey < endKey; tileKey += KEYS) {
            int tileBase = (kvHead * capacity + tileKey) * headDim;
            // Keys past the end repeat an element of the last one; they are masked.
            int lastElement = (endKey - tileKey) * headDim - 1;
            for (int i = lane; i < batched; i += BATCH * LANES) {
                float value0 = Storage.load(keys, tileBase + TornadoMath.min(i, lastElement));
                float value1 = Storage.load(keys, tileBase + TornadoMath.min(i + LANES, lastElement));
                float value2 = Storage.load(keys, tileBase + TornadoMath.min(i + 2 * LANES, lastElement));
                float value3 = Storage.load(keys, tileBase + TornadoMath.min(i + 3 * LANES, lastElement));
                float value4 = Storage.load(keys, tileBase + TornadoMath.min(i + 4 * LANES, lastElement));
                float value5 = Storage.load(keys, tileBase + TornadoMath.min(i + 5 * LANES, lastElement));
                float value6 = Storage.load(keys, tileBase + TornadoMath.min(i + 6 * LANES, lastElement));
                float value7 = Storage.load(keys, tileBase + TornadoMath.min(i + 7 * LANES, lastElement));
                float value8 = Storage.load(keys, tileBase + TornadoMath.min(i + 8 * LANES, lastElement));
                float value9 = Storage.load(keys, tileBase + TornadoMath.min(i + 9 * LANES, lastElement));
                float value10 = Storage.load(keys, tileBase + TornadoMath.min(i + 10 * LANES, lastElement));
                float value11 = Storage.load(keys, tileBase + TornadoMath.min(i + 11 * LANES, lastElement));
                float value12 = Storage.load(keys, tileBase + TornadoMath.min(i + 12 * LANES, lastElement));
                float value13 = Storage.load(keys, tileBase + TornadoMath.min(i + 13 * LANES, lastElement));
                float value14 = Storage.load(keys, tileBase + TornadoMath.min(i + 14 * LANES, lastElement));
                float value15 = Storage.load(keys, tileBase + TornadoMath.min(i + 15 * LANES, lastElement));
                tile[i + i / headDim] = value0;
                tile[i + LANES + (i + LANES) / headDim] = value1;
                tile[i + 2 * LANES + (i + 2 * LANES) / headDim] = value2;
                tile[i + 3 * LANES + (i + 3 * LANES) / headDim] = value3;
                tile[i + 4 * LANES + (i + 4 * LANES) / headDim] = value4;
                tile[i + 5 * LANES + (i + 5 * LANES) / headDim] = value5;
                tile[i + 6 * LANES + (i + 6 * LANES) / headDim] = value6;
                tile[i + 7 * LANES + (i + 7 * LANES) / headDim] = value7;
                tile[i + 8 * LANES + (i + 8 * LANES) / headDim] = value8;
                tile[i + 9 * LANES + (i + 9 * LANES) / headDim] = value9;
                tile[i + 10 * LANES + (i + 10 * LANES) / headDim] = value10;
                tile[i + 11 * LANES + (i + 11 * LANES) / headDim] = value11;
                tile[i + 12 * LANES + (i + 12 * LANES) / headDim] = value12;
                tile[i + 13 * LANES + (i + 13 * LANES) / headDim] = value13;
                tile[i + 14 * LANES + (i + 14 * LANES) / headDim] = value14;
                tile[i + 15 * LANES + (i + 15 * LANES) / headDim] = value15;
            }
            for (int i = batched + lane; i < KEYS * headDim; i += LANES) {
                tile[i + i / headDim] = Storage.load(keys, tileBase + TornadoMath.min(i, lastElement));
            }
            context.localBarrier();

            float score00 = 0f;
            float score01 = 0f;
            float score10 = 0f;
            float score11 = 0f;
            float score20 = 0f;
            float score21 = 0f;
            float score30 = 0f;
            float score31 = 0f;
            for (int channel = 0; channel < headDim; channel++) {
                float key0 = tile[column * keyStride + channel];
                float key1 = tile[(column + 32) * keyStride + channel];
                float query0 = queries[quarterRow * QUERY_STRIDE + channel];
                float query1 = queries[(quarterRow + 1) * QUERY_STRIDE + channel];
                float query2 = queries[(quarterRow + 2) * QUERY_STRIDE + channel];
                float query3 = queries[(quarterRow + 3) * QUERY_STRIDE + channel];
                score00 += query0 * key0;
                score01 += query0 * key1;
                score10 += query1 * key0;
                score11 += query1 * key1;
                score20 += query2 * key0;
                score21 += query2 * key1;
                score30 += query3 * key0;
                score31 += query3 * key1;
            }
            int key0 = tileKey + column;
            int key1 = key0 + 32;
            int weight = quarterRow * WEIGHT_STRIDE + column;
            weights[weight] = key0 <= position0 ? score00 : MASKED;
            weights[weight + 32] = key1 <= position0 ? score01 : MASKED;
            weights[weight + WEIGHT_STRIDE] = key0 <= position1 ? score10 : MASKED;
            weights[weight + WEIGHT_STRIDE + 32] = key1 <= position1 ? score11 : MASKED;
            weights[weight + 2 * WEIGHT_STRIDE] = key0 <= position2 ? score20 : MASKED;
            weights[weight + 2 * WEIGHT_STRIDE + 32] = key1 <= position2 ? score21 : MASKED;
            weights[weight + 3 * WEIGHT_STRIDE] = key0 <= position3 ? score30 : MASKED;
            weights[weight + 3 * WEIGHT_STRIDE + 32] = key1 <= position3 ? score31 : MASKED;
            context.localBarrier();

            for (int i = lane; i < batched; i += BATCH * LANES) {
                float value0 = Storage.load(values, tileBase + TornadoMath.min(i, lastElement));
                float value1 = Storage.load(values, tileBase + TornadoMath.min(i + LANES, lastElement));
                float value2 = Storage.load(values, tileBase + TornadoMath.min(i + 2 * LANES, lastElement));
                float value3 = Storage.load(values, tileBase + TornadoMath.min(i + 3 * LANES, lastElement));
                float value4 = Storage.load(values, tileBase + TornadoMath.min(i + 4 * LANES, lastElement));
                float value5 = Storage.load(values, tileBase + TornadoMath.min(i + 5 * LANES, lastElement));
                float value6 = Storage.load(values, tileBase + TornadoMath.min(i + 6 * LANES, lastElement));
                float value7 = Storage.load(values, tileBase + TornadoMath.min(i + 7 * LANES, lastElement));
                float value8 = Storage.load(values, tileBase + TornadoMath.min(i + 8 * LANES, lastElement));
                float value9 = Storage.load(values, tileBase + TornadoMath.min(i + 9 * LANES, lastElement));
                float value10 = Storage.load(values, tileBase + TornadoMath.min(i + 10 * LANES, lastElement));
                float value11 = Storage.load(values, tileBase + TornadoMath.min(i + 11 * LANES, lastElement));
                float value12 = Storage.load(values, tileBase + TornadoMath.min(i + 12 * LANES, lastElement));
                float value13 = Storage.load(values, tileBase + TornadoMath.min(i + 13 * LANES, lastElement));
                float value14 = Storage.load(values, tileBase + TornadoMath.min(i + 14 * LANES, lastElement));
                float value15 = Storage.load(values, tileBase + TornadoMath.min(i + 15 * LANES, lastElement));
                tile[i + i / headDim] = value0;
                tile[i + LANES + (i + LANES) / headDim] = value1;
                tile[i + 2 * LANES + (i + 2 * LANES) / headDim] = value2;
                tile[i + 3 * LANES + (i + 3 * LANES) / headDim] = value3;
                tile[i + 4 * LANES + (i + 4 * LANES) / headDim] = value4;
                tile[i + 5 * LANES + (i + 5 * LANES) / headDim] = value5;
                tile[i + 6 * LANES + (i + 6 * LANES) / headDim] = value6;
                tile[i + 7 * LANES + (i + 7 * LANES) / headDim] = value7;
                tile[i + 8 * LANES + (i + 8 * LANES) / headDim] = value8;
                tile[i + 9 * LANES + (i + 9 * LANES) / headDim] = value9;
                tile[i + 10 * LANES + (i + 10 * LANES) / headDim] = value10;
                tile[i + 11 * LANES + (i + 11 * LANES) / headDim] = value11;
                tile[i + 12 * LANES + (i + 12 * LANES) / headDim] = value12;
                tile[i + 13 * LANES + (i + 13 * LANES) / headDim] = value13;
                tile[i + 14 * LANES + (i + 14 * LANES) / headDim] = value14;
                tile[i + 15 * LANES + (i + 15 * LANES) / headDim] = value15;
            }
            for (int i = batched + lane; i < KEYS * headDim; i += LANES) {
                tile[i + i / headDim] = Storage.load(values, tileBase + TornadoMath.min(i, lastElement));
            }
            float laneMax = MASKED;
            for (int key = part; key < KEYS; key += ROW_LANES) {
                laneMax = TornadoMath.max(laneMax, weights[reducedRow * WEIGHT_STRIDE + key]);
            }
            laneResults[lane] = laneMax;
            context.localBarrier();

            float newMax = runningMax;
            for (int i = 0; i < ROW_LANES; i++) {
                newMax = TornadoMath.max(newMax, laneResults[reducedRow * ROW_LANES + i]);
            }
            float factor = TornadoMath.exp(runningMax - newMax);
            runningMax = newMax;
            runningSum *= factor;
            for (int key = part; key < KEYS; key += ROW_LANES) {
                float score = weights[reducedRow * WEIGHT_STRIDE + key];
                float numerator = 0f;
                if (score > VISIBLE) {
                    numerator = TornadoMath.exp(score - newMax);
                }
                runningSum += numerator;
                weights[reducedRow * WEIGHT_STRIDE + key] = numerator;
            }
            if (part == 0) {
                rescale[reducedRow] = factor;
            }
            context.localBarrier();

            float factor0 = rescale[quarterRow];
            float factor1 = rescale[quarterRow + 1];
            float factor2 = rescale[quarterRow + 2];
            float factor3 = rescale[quarterRow + 3];
            out00 *= factor0;
            out01 *= factor0;
            out02 *= factor0;
            out03 *= factor0;
            out10 *= factor1;
            out11 *= factor1;
            out12 *= factor1;
            out13 *= factor1;
            out20 *= factor2;
            out21 *= factor2;
            out22 *= factor2;
            out23 *= factor2;
            out30 *= factor3;
            out31 *= factor3;
            out32 *= factor3;
            out33 *= factor3;
            for (int key = 0; key < KEYS; key++) {
                float value0 = tile[key * keyStride + column];
                float value1 = tile[key * keyStride + column + 32];
                float value2 = tile[key * keyStride + column + 64];
                float value3 = tile[key * keyStride + column + 96];
                float weight0 = weights[quarterRow * WEIGHT_STRIDE + key];
                float weight1 = weights[(quarterRow + 1) * WEIGHT_STRIDE + key];
                float weight2 = weights[(quarterRow + 2) * WEIGHT_STRIDE + key];
                float weight3 = weights[(quarterRow + 3) * WEIGHT_STRIDE + key];
                out00 += weight0 * value0;
                out01 += weight0 * value1;
                out02 += weight0 * value2;
                out03 += weight0 * value3;
                out10 += weight1 * value0;
                out11 += weight1 * value1;
                out12 += weight1 * value2;
                out13 += weight1 * value3;
                out20 += weight2 * value0;
                out21 += weight2 * value1;
                out22 += weight2 * value2;
                out23 += weight2 * value3;
                out30 += weight3 * value0;
                out31 += weight3 * value1;
                out32 += weight3 * value2;
                out33 += weight3 * value3;
            }
            context.localBarrier();
        }

        laneResults[lane] = runningSum;
        context.localBarrier();
        float sum0 = 0f;
        float sum1 = 0f;
        float sum2 = 0f;
        float sum3 = 0f;
        for (int i = 0; i < ROW_LANES; i++) {
            sum0 += laneResults[quarterRow * ROW_LANES + i];
            sum1 += laneResults[(quarterRow + 1) * ROW_LANES + i];
            sum2 += laneResults[(quarterRow + 2) * ROW_LANES + i];
            sum3 += laneResults[(quarterRow + 3) * ROW_LANES + i];
        }
        if (numSplits > 1) {
            int row = firstRow + reducedRow;
            if (part == 0 && row < numRows) {
                float sum = 0f;
                for (int i = 0; i < ROW_LANES; i++) {
                    sum += laneResults[lane + i];
                }
                int end = partial(row, kvHead, groupSize, numHeads, numSplits, split) * (headDim + SplitPartials.EXTRA)
                        + headDim;
                results.set(end + SplitPartials.REFERENCE, runningMax);
                results.set(end + SplitPartials.SUM, sum);
            }
        } else {
            out00 /= sum0;
            out01 /= sum0;
            out02 /= sum0;
            out03 /= sum0;
            out10 /= sum1;
            out11 /= sum1;
            out12 /= sum1;
            out13 /= sum1;
            out20 /= sum2;
            out21 /= sum2;
            out22 /= sum2;
            out23 /= sum2;
            out30 /= sum3;
            out31 /= sum3;
            out32 /= sum3;
            out33 /= sum3;
        }
        store(
                results,
                firstRow + quarterRow,
                column,
                out00,
                out01,
                out02,
                out03,
                kvHead,
                groupSize,
                numRows,
                numHeads,
                headDim,
                numSplits,
                split);
        store(
                results,
                firstRow + quarterRow + 1,
                column,
                out10,
                out11,
                out12,
                out13,
                kvHead,
                groupSize,
                numRows,
                numHeads,
                headDim,
                numSplits,
                split);
        store(
                results,
                firstRow + quarterRow + 2,
                column,
                out20,
                out21,
                out22,
                out23,
                kvHead,
                groupSize,
                numRows,
                numHeads,
                headDim,
                numSplits,
                split);
        store(
                results,
                firstRow + quarterRow + 3,
                column,
                out30,
                out31,
                out32,
                out33,
                kvHead,
                groupSize,
                numRows,
                numHeads,
                headDim,
                numSplits,
                split);
    }

    /** Element {@code i} of the work group's rows of queries; 0 in rows past the call. */
    private static float query(
            FloatArray q, int i, int firstRow, int numRows, int kvHead, int groupSize, int numHeads, int headDim) {
        int row = firstRow + i / headDim;
        if (row < numRows) {
            int token = row / groupSize;
            int head = kvHead * groupSize + row - token * groupSize;
            return q.get((token * numHeads + head) * headDim + i % headDim);
        }
        return 0f;
    }

    private static void store(
            FloatArray results,
            int row,
            int column,
            float value0,
            float value1,
            float value2,
            float value3,
            int kvHead,
            int groupSize,
            int numRows,
            int numHeads,
            int headDim,
            int numSplits,
            int split) {
        if (row < numRows) {
            int stride = numSplits > 1 ? headDim + SplitPartials.EXTRA : headDim;
            int target = partial(row, kvHead, groupSize, numHeads, numSplits, split) * stride + column;
            if (column < headDim) {
                results.set(target, value0);
            }
            if (column + 32 < headDim) {
                results.set(target + 32, value1);
            }
            if (column + 64 < headDim) {
                results.set(target + 64, value2);
            }
            if (column + 96 < headDim) {
                results.set(target + 96, value3);
            }
        }
    }

    /** Place of a row's partial result, or with one split of its output. */
    private static int partial(int row, int kvHead, int groupSize, int numHeads, int numSplits, int split) {
        int token = row / groupSize;
        int firstHead = token * numHeads + kvHead * groupSize;
        return firstHead * numSplits + split * groupSize + row - token * groupSize;
    }
}
