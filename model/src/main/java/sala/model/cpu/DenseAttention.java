package sala.model.cpu;

import java.util.ArrayList;
import java.util.List;
import sala.loader.ModelConfig;

/**
 * Causal softmax attention over all cached tokens.
 *
 * <pre>  out[t, h] = sum over j &lt;= position + t of softmax_j(attentionScale q[t, h] . k[j, g]) v[j, g],  g = h / groupSize  </pre>
 *
 * <p>Prefill: a unit of work is some tokens and one KV head, so that a tile of keys and values serves many rows. Decode:
 * a unit is a KV head and a stretch of the cache; the stretches, cut by the length alone, are merged in order. Ground
 * truth: {@link sala.kernels.reference.DenseAttention}.
 */
final class DenseAttention {
    /** Rows that share a pass over the cache in prefill. */
    private static final int PREFILL_ROWS = 64;

    private static final int MIN_SPLIT_LENGTH = 512;
    private static final int MAX_SPLITS = 64;

    private final ModelConfig config;
    private final ColdStart coldStart;
    private final CpuKvCache noCache;
    private final int groupSize;
    private final int tileTokens;
    private final UnitQueue prefill;
    private final UnitQueue decode;
    private final AttentionRows[] prefillRows;
    private final List<AttentionRows> splits = new ArrayList<>();

    private CpuKvCache cache;
    private float[] q = {};
    private float[] out = {};
    private int position;
    private int count;
    private int splitLength;
    private int numSplits;

    DenseAttention(ModelConfig config, WorkerTeam team, ColdStart coldStart) {
        this.config = config;
        this.coldStart = coldStart;
        noCache = new CpuKvCache(config, 0);
        cache = noCache;
        groupSize = config.groupSize();
        tileTokens = Math.max(1, PREFILL_ROWS / groupSize);
        prefill = new UnitQueue(team, this::prefillUnit);
        decode = new UnitQueue(team, this::decodeUnit);
        prefillRows = new AttentionRows[team.size()];
        for (int worker = 0; worker < prefillRows.length; worker++) {
            prefillRows[worker] = newRows(tileTokens * groupSize);
        }
    }

    /**
     * Attends.
     *
     * @param cache holds at least {@code newPosition + newCount} tokens
     * @param q {@code [newCount, numHeads, headDim]}
     * @param position of the first query token
     * @param count query tokens
     * @param out {@code [newCount, numHeads, headDim]}; every element is written
     */
    void run(CpuKvCache cache, float[] q, int position, int count, float[] out) {
        this.cache = cache;
        this.q = q;
        this.position = position;
        this.count = count;
        this.out = out;
        if (count == 1) {
            decode();
        } else {
            prefill.run(numTiles() * config.numKvHeads());
        }
        this.cache = noCache;
    }

    private int numTiles() {
        return (count + tileTokens - 1) / tileTokens;
    }

    private void prefillUnit(int worker, int unit) {
        int kvHead = unit % config.numKvHeads();
        int tile = numTiles() - 1 - unit / config.numKvHeads(); // the longest first, so that workers end together
        int from = tile * tileTokens;
        int to = Math.min(count, from + tileTokens);
        AttentionRows rows = prefillRows[worker];
        rows.clear();
        for (int token = from; token < to; token++) {
            rows.add(q, queryOffset(token, kvHead), groupSize, position + token + 1);
        }
        rows.attend(cache.keys(kvHead), cache.values(kvHead), 0, position + to);
        for (int token = from; token < to; token++) {
            rows.store((token - from) * groupSize, groupSize, out, queryOffset(token, kvHead));
        }
    }

    private void decode() {
        int length = position + 1;
        int tiles = Math.ceilDiv(length, AttentionRows.TILE);
        int splitTiles = Math.max(MIN_SPLIT_LENGTH / AttentionRows.TILE, Math.ceilDiv(tiles, MAX_SPLITS));
        splitLength = splitTiles * AttentionRows.TILE;
        numSplits = Math.ceilDiv(length, splitLength);
        int units = config.numKvHeads() * numSplits;
        while (splits.size() < units) {
            splits.add(newRows(groupSize));
        }
        decode.run(units);
        for (int kvHead = 0; kvHead < config.numKvHeads(); kvHead++) {
            AttentionRows rows = splits.get(kvHead * numSplits);
            for (int split = 1; split < numSplits; split++) {
                rows.merge(splits.get(kvHead * numSplits + split));
            }
            rows.store(0, groupSize, out, queryOffset(0, kvHead));
        }
    }

    private void decodeUnit(int worker, int unit) {
        int kvHead = unit / numSplits;
        int from = unit % numSplits * splitLength;
        AttentionRows rows = splits.get(unit);
        rows.clear();
        rows.add(q, queryOffset(0, kvHead), groupSize, position + 1);
        rows.attend(cache.keys(kvHead), cache.values(kvHead), from, Math.min(position + 1, from + splitLength));
    }

    private int queryOffset(int token, int kvHead) {
        return token * config.queryWidth() + kvHead * groupSize * config.headDim();
    }

    private AttentionRows newRows(int maxRows) {
        return new AttentionRows(coldStart, maxRows, config.headDim(), config.attentionScale());
    }
}
