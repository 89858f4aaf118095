import { readFileSync } from 'node:fs';

const README = new URL('../../../clients/java/README.md', import.meta.url);

/** The blocks of Java in the README, in order. */
export function readmeBlocks(): string[] {
  const text = readFileSync(README, 'utf8');
  return [...text.matchAll(/^```java\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
}

/** A program of each, by the name of its class. */
export function readmePrograms(): Readonly<Record<string, string>> {
  const [slot = '', call = '', spring = '', fake = ''] = readmeBlocks();
  return {
    FiveLines: program('FiveLines', slot),
    ThatForm: program('ThatForm', `BudgetClient budget = BudgetClient.fromEnv();\n${call}`),
    Fake: program('Fake', `${fake}\nbudget.close();`),
    // Compiled alone: a bean needs a model.
    Spring: program('Spring', `BudgetClient budget = new FakeBudgetClient();\n${spring}`),
  };
}

/** A program of what a reader copies, with what the README leaves to the reader. */
function program(name: string, body: string): string {
  return `
    import com.anthropic.client.AnthropicClient;
    import com.anthropic.client.okhttp.AnthropicOkHttpClient;
    import com.anthropic.models.messages.*;
    import dev.budgetarbiter.client.*;
    import dev.budgetarbiter.client.testing.*;
    import dev.budgetarbiter.springai.*;
    import dev.budgetarbiter.v1.Rule;
    import java.time.Duration;
    import org.springframework.ai.chat.client.ChatClient;
    import org.springframework.ai.chat.model.ChatModel;
    public final class ${name} {
      static ChatModel model;
      static AnthropicClient anthropic = AnthropicOkHttpClient.fromEnv();
      static MessageCreateParams question =
          MessageCreateParams.builder().model("claude").maxTokens(100).addUserMessage("hello").build();
      public static void main(String[] args) throws Exception {
        ${body}
        System.exit(0);
      }
    }`;
}
