package sala.model.cpu;

import java.util.ArrayList;
import java.util.List;
import sala.loader.ModelConfig;

/**
 * Causal softmax attention over the tokens of selected blocks: stage 2 of InfLLM-V2.
 *
 * <pre>  out[t, h] = sum over j of softmax_j(attentionScale q[t, h] . k[j, g]) v[j, g],   g = h / groupSize,
 *              j &lt;= position + t and floor(j / blockSize) in blocks[t, g]  </pre>
 *
 * <p>Prefill: a unit of work is some neighbouring tokens and one KV head; it goes through the union of their blocks, so
 * that a block which several tokens selected is read from memory once. Each token still attends to its own blocks only,
 * in ascending order, hence the neighbours do not change its result. Decode: a unit is a KV head and a stretch of its list
 * of blocks; stretches, cut by the list alone, are merged in order. Ground truth:
 * {@link sala.kernels.reference.SparseAttention}.
 */
final class SparseAttention {
    /** Neighbouring tokens that share reads. */
    private static final int TILE_TOKENS = 8;

    /** Tokens of a decode unit. */
    private static final int SPLIT_LENGTH = 512;

    private static final int NO_BLOCK = Integer.MAX_VALUE;

    private final ModelConfig config;
    private final ColdStart coldStart;
    private final CpuKvCache noCache;
    private final int groupSize;
    private final int blockSize;
    private final int splitBlocks;
    private final int maxBlocks;
    private final UnitQueue prefill;
    private final UnitQueue decode;
    private final AttentionRows[][] prefillRows;
    private final int[][] prefillCursors;
    private final List<AttentionRows> splits = new ArrayList<>();

    private CpuKvCache cache;
    private float[] q = {};
    private float[] out = {};
    private int[] blocks = {};
    private int[] blockCounts = {};
    private int position;
    private int count;
    private int numSplits;

    SparseAttention(ModelConfig config, WorkerTeam team, ColdStart coldStart) {
        this.config = config;
        this.coldStart = coldStart;
        noCache = new CpuKvCache(config, 0);
        cache = noCache;
        groupSize = config.groupSize();
        blockSize = config.sparse().blockSize();
        maxBlocks = BlockSelection.maxBlocks(config.sparse());
        splitBlocks = Math.max(1, SPLIT_LENGTH / blockSize);
        prefill = new UnitQueue(team, this::prefillUnit);
        decode = new UnitQueue(team, this::decodeUnit);
        prefillRows = new AttentionRows[team.size()][TILE_TOKENS];
        for (AttentionRows[] tile : prefillRows) {
            for (int token = 0; token < TILE_TOKENS; token++) {
                tile[token] = newRows();
            }
        }
        prefillCursors = new int[team.size()][TILE_TOKENS];
    }

    /**
     * Attends.
     *
     * @param cache holds at least {@code position + count} tokens
     * @param q {@code [count, numHeads, headDim]}
     * @param position of the first query token
     * @param count query tokens
     * @param blocks {@code [count, numKvHeads, maxBlocks]}, each list ascending, see {@link BlockSelection}
     * @param blockCounts {@code [count, numKvHeads]}, lengths of the lists, at least 1
     * @param out {@code [count, numHeads, headDim]}; every element is written
     */
    void run(CpuKvCache cache, float[] q, int position, int count, int[] blocks, int[] blockCounts, float[] out) {
        this.cache = cache;
        this.q = q;
        this.position = position;
        this.count = count;
        this.blocks = blocks;
        this.blockCounts = blockCounts;
        this.out = out;
        if (count == 1) {
            decode();
        } else {
            prefill.run(Math.ceilDiv(count, TILE_TOKENS) * config.numKvHeads());
        }
        this.cache = noCache;
    }

    private void prefillUnit(int worker, int unit) {
        int kvHead = unit % config.numKvHeads();
        int from = unit / config.numKvHeads() * TILE_TOKENS;
        int tokens = Math.min(count - from, TILE_TOKENS);
        AttentionRows[] rows = prefillRows[worker];
        int[] cursors = prefillCursors[worker];
        for (int i = 0; i < tokens; i++) {
            rows[i].clear();
            rows[i].add(q, queryOffset(from + i, kvHead), groupSize, position + from + i + 1);
            cursors[i] = 0;
        }
        float[] keys = cache.keys(kvHead);
        float[] values = cache.values(kvHead);
        for (int block = lowest(cursors, from, tokens, kvHead);
                block != NO_BLOCK;
                block = lowest(cursors, from, tokens, kvHead)) {
            for (int i = 0; i < tokens; i++) {
                if (current(cursors[i], from + i, kvHead) == block) {
                    cursors[i]++;
                    attend(rows[i], keys, values, block, position + from + i + 1);
                }
            }
        }
        for (int i = 0; i < tokens; i++) {
            rows[i].store(0, groupSize, out, queryOffset(from + i, kvHead));
        }
    }

    /** The lowest block that any of the tokens has yet to attend to. */
    private int lowest(int[] cursors, int from, int tokens, int kvHead) {
        int lowest = NO_BLOCK;
        for (int i = 0; i < tokens; i++) {
            lowest = Math.min(lowest, current(cursors[i], from + i, kvHead));
        }
        return lowest;
    }

    private int current(int cursor, int token, int kvHead) {
        int list = token * config.numKvHeads() + kvHead;
        return cursor < blockCounts[list] ? blocks[list * maxBlocks + cursor] : NO_BLOCK;
    }

    private void attend(AttentionRows rows, float[] keys, float[] values, int block, int limit) {
        int start = block * blockSize;
        rows.attend(keys, values, start, Math.min(start + blockSize, limit));
    }

    private void decode() {
        int numKvHeads = config.numKvHeads();
        int longest = 0;
        for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
            longest = Math.max(longest, blockCounts[kvHead]);
        }
        numSplits = Math.ceilDiv(longest, splitBlocks);
        int units = numKvHeads * numSplits;
        while (splits.size() < units) {
            splits.add(newRows());
        }
        decode.run(units);
        for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
            AttentionRows rows = splits.get(kvHead * numSplits);
            for (int split = 1; split * splitBlocks < blockCounts[kvHead]; split++) {
                rows.merge(splits.get(kvHead * numSplits + split));
            }
            rows.store(0, groupSize, out, queryOffset(0, kvHead));
        }
    }

    private void decodeUnit(int worker, int unit) {
        int kvHead = unit / numSplits;
        int from = unit % numSplits * splitBlocks;
        int to = Math.min(from + splitBlocks, blockCounts[kvHead]);
        AttentionRows rows = splits.get(unit);
        rows.clear();
        rows.add(q, queryOffset(0, kvHead), groupSize, position + 1);
        for (int i = from; i < to; i++) {
            attend(rows, cache.keys(kvHead), cache.values(kvHead), blocks[kvHead * maxBlocks + i], position + 1);
        }
    }

    private int queryOffset(int token, int kvHead) {
        return token * config.queryWidth() + kvHead * groupSize * config.headDim();
    }

    private AttentionRows newRows() {
        return new AttentionRows(coldStart, groupSize, config.headDim(), config.attentionScale());
    }
}
