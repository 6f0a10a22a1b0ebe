package sala.samples;

import java.util.Optional;
import sala.loader.Checkpoint;
import sala.loader.tokenizer.Tokenizer;
import sala.model.Backend;
import sala.model.EmbeddedModel;
import sala.model.ForwardPass;
import sala.model.ForwardPasses;
import sala.model.ModelWeights;
import sala.model.PassOptions;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.generate.GenerationOptions;
import sala.model.generate.Generator;

/** Reads a beginning once and continues it in two ways: a copied session goes its own way. */
public final class Sample03Fork {
    private Sample03Fork() {}

    /** Prints two continuations of one beginning, and that the first one is what it would be without the second. */
    public static void main(String[] args) {
        PassOptions passOptions = PassOptions.of(Runtime.getRuntime().availableProcessors(), 512);
        GenerationOptions options = GenerationOptions.builder().maxTokens(12).build();
        try (Checkpoint checkpoint = Checkpoint.open(EmbeddedModel.directory());
                ForwardPass pass = ForwardPasses.choose(Backend.AUTO).open(ModelWeights.load(checkpoint), passOptions);
                Session trunk = pass.newSession(SessionOptions.ofContextLength(512))) {
            Tokenizer tokenizer = checkpoint.tokenizer().orElseThrow();
            Generator generator = new Generator(pass, Optional.of(tokenizer));
            pass.prefill(trunk, tokenizer.encode("And it came to pass in those days, that", true));
            for (String turn : new String[] {"the king", "the ship", "the king"}) {
                try (Session branch = trunk.copy()) {
                    String text = generator
                            .generate(branch, tokenizer.encode(turn, false), options)
                            .text();
                    System.out.println(turn + " ..." + text);
                }
            }
            System.out.println("the trunk still holds " + trunk.position() + " tokens");
        }
    }
}
