package sala.model.tornado;

import sala.kernels.embedding.CallInput;
import sala.kernels.sampling.LargestLogits;
import sala.loader.ModelConfig;
import sala.model.tornado.DeviceModel.Call;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Arrays by which the host sends calls to the graphs of a model and gets caches and tokens back.
 *
 * @param decodeCall a call of one token, see {@link CallInput}
 * @param prefillCall a call of a chunk
 * @param state of one lightning layer, read or to be written
 * @param keys of a chunk of tokens of one sparse layer, likewise
 * @param values likewise
 * @param largest the largest logits of parts of the vocabulary
 * @param largestTokens their tokens
 * @param greedyToken the token of the largest logit
 */
record HostArrays(
        IntArray decodeCall,
        IntArray prefillCall,
        FloatArray state,
        FloatArray keys,
        FloatArray values,
        FloatArray largest,
        IntArray largestTokens,
        IntArray greedyToken) {
    /** Arrays for a model, without contents. */
    static HostArrays of(ModelConfig config, int prefillChunk) {
        int kvSize = Math.multiplyExact(prefillChunk, config.kvWidth());
        int parts = LargestLogits.numParts(config.vocabSize());
        return new HostArrays(
                CallInput.create(1),
                CallInput.create(prefillChunk),
                new FloatArray(DeviceCache.stateSize(config)),
                new FloatArray(kvSize),
                new FloatArray(kvSize),
                new FloatArray(parts),
                new IntArray(parts),
                new IntArray(1));
    }

    /** What the host sends with a call of this kind. */
    IntArray call(Call call) {
        return call.isDecode() ? decodeCall : prefillCall;
    }
}
