package sala.model.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import sala.loader.ModelConfig;

/** Causal attention to all tokens, each query token and KV head a piece of work. Allocates nothing per call. */
final class DenseAttention implements WorkerTeam.Job {
    private final ModelConfig config;
    private final WorkerTeam team;
    private final SoftmaxTile[] tiles;
    private final AtomicInteger nextPiece = new AtomicInteger();
    private CpuKvCache cache;
    private float[] q = {};
    private float[] out = {};
    private int position;
    private int count;

    DenseAttention(ModelConfig config, WorkerTeam team) {
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
     * @param newOut likewise, every element is written
     */
    void run(CpuKvCache newCache, float[] newQ, int newPosition, int newCount, float[] newOut) {
        cache = newCache;
        q = newQ;
        position = newPosition;
        count = newCount;
        out = newOut;
        nextPiece.set(0);
        team.run(this);
    }

    @Override
    public void run(int worker, int workers) {
        SoftmaxTile tile = tiles[worker];
        int numKvHeads = config.numKvHeads();
        int groupWidth = config.groupSize() * config.headDim();
        int pieces = count * numKvHeads;
        for (int piece = nextPiece.getAndIncrement(); piece < pieces; piece = nextPiece.getAndIncrement()) {
            // The last tokens have most to do, so they go first.
            int token = count - 1 - piece / numKvHeads;
            int kvHead = piece % numKvHeads;
            int offset = (token * numKvHeads + kvHead) * groupWidth;
            tile.begin(q, offset);
            tile.attend(cache, kvHead, 0, position + token + 1);
            tile.finish(out, offset);
        }
    }
}
