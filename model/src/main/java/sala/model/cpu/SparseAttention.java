package sala.model.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import sala.loader.ModelConfig;

/** Causal attention to the chosen blocks, each query token and KV head a piece of work. Allocates nothing per call. */
final class SparseAttention implements WorkerTeam.Job {
    private final ModelConfig config;
    private final WorkerTeam team;
    private final SoftmaxTile[] tiles;
    private final AtomicInteger nextPiece = new AtomicInteger();
    private CpuKvCache cache;
    private float[] q = {};
    private float[] out = {};
    private int[] blocks = {};
    private int[] blockCounts = {};
    private int position;
    private int count;

    SparseAttention(ModelConfig config, WorkerTeam team) {
        this.config = config;
        this.team = team;
        cache = new CpuKvCache(config);
        tiles = new SoftmaxTile[team.size()];
        for (int i = 0; i < tiles.length; i++) {
            tiles[i] = new SoftmaxTile(config);
        }
    }

    /**
     * Attends.
     *
     * @param newCache holds {@code newPosition + newCount} tokens
     * @param newQ {@code [newCount, numHeads, headDim]}; token t is at {@code newPosition + t}
     * @param newBlocks {@code [newCount, numKvHeads, maxBlocks]}, ascending
     * @param newBlockCounts {@code [newCount, numKvHeads]}
     * @param newOut as {@code newQ}, every element is written
     */
    void run(
            CpuKvCache newCache,
            float[] newQ,
            int newPosition,
            int newCount,
            int[] newBlocks,
            int[] newBlockCounts,
            float[] newOut) {
        cache = newCache;
        q = newQ;
        position = newPosition;
        count = newCount;
        blocks = newBlocks;
        blockCounts = newBlockCounts;
        out = newOut;
        nextPiece.set(0);
        team.run(this);
    }

    @Override
    public void run(int worker, int workers) {
        SoftmaxTile tile = tiles[worker];
        int numKvHeads = config.numKvHeads();
        int groupWidth = config.groupSize() * config.headDim();
        int blockSize = config.sparse().blockSize();
        int maxBlocks = BlockSelection.maxBlocks(config);
        int pieces = count * numKvHeads;
        for (int piece = nextPiece.getAndIncrement(); piece < pieces; piece = nextPiece.getAndIncrement()) {
            int limit = position + piece / numKvHeads + 1;
            int offset = piece * groupWidth;
            tile.begin(q, offset);
            int from = 0;
            int to = 0;
            for (int i = piece * maxBlocks; i < piece * maxBlocks + blockCounts[piece]; i++) {
                int start = blocks[i] * blockSize;
                if (start != to) { // neighbouring blocks are one range
                    tile.attend(cache, piece % numKvHeads, from, Math.min(limit, to));
                    from = start;
                }
                to = start + blockSize;
            }
            tile.attend(cache, piece % numKvHeads, from, Math.min(limit, to));
            tile.finish(out, offset);
        }
    }
}
