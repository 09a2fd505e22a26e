import type { Address } from '@medplum/fhirtypes';

/** Invented people of one part of the world: how they are called and where they live. */
export interface Region {
  readonly country: string;
  /** Calling code with plus sign. */
  readonly calling: string;
  readonly language: string;
  readonly male: readonly [string, ...string[]];
  readonly female: readonly [string, ...string[]];
  readonly family: readonly [string, ...string[]];
  /** The same family names in their own script, index by index. */
  readonly familyInScript?: readonly string[];
  readonly givenInScript?: Readonly<Record<'male' | 'female', readonly string[]>>;
  readonly places: readonly [Address, ...Address[]];
}

const unitedStates: Region = {
  country: 'US',
  calling: '+1',
  language: 'en-US',
  male: ['James', 'William', 'Marcus', 'De’Andre', 'Jean-Luc'],
  female: ['Mary', 'Anna-Lena', 'Shanice', "D'Arcy", 'Elizabeth'],
  family: ["O'Brien", 'Smith', 'Washington', 'van der Berg', 'Garcia-Lopez', 'St. John'],
  places: [
    { line: ['12 Maple Street', 'Apt 4B'], city: 'Springfield', state: 'IL', postalCode: '62701' },
    { line: ["7 King's Road"], city: 'Coeur d’Alene', state: 'ID', postalCode: '83814' },
    { line: ['400 Main St'], city: 'Boston', state: 'MA', postalCode: '02108-1234' },
  ],
};

const germany: Region = {
  country: 'DE',
  calling: '+49',
  language: 'de-DE',
  male: ['Jürgen', 'Karl-Heinz', 'Björn', 'Matthäus'],
  female: ['Käthe', 'Hannelore', 'Änne', 'Marie-Luise'],
  family: ['Müller', 'Weiß', 'von der Heide', 'Größmann', 'Schäfer-Öztürk'],
  places: [
    { line: ['Königstraße 5'], city: 'München', postalCode: '80331' },
    { line: ['An der Mühle 12a'], city: 'Düsseldorf', postalCode: '40210' },
  ],
};

const poland: Region = {
  country: 'PL',
  calling: '+48',
  language: 'pl-PL',
  male: ['Łukasz', 'Wojciech', 'Stanisław'],
  female: ['Małgorzata', 'Żaneta', 'Agnieszka'],
  family: ['Wiśniewski', 'Dąbrowska-Kość', 'Żółć', 'Wójcik'],
  places: [{ line: ['ul. Świętokrzyska 3/7'], city: 'Łódź', postalCode: '90-001' }],
};

const ireland: Region = {
  country: 'IE',
  calling: '+353',
  language: 'en-IE',
  male: ['Seán', 'Pádraig', 'Eoghan'],
  female: ['Siobhán', 'Aoife', 'Caoimhe'],
  family: ["O'Connor", 'Ní Dhomhnaill', "D'Arcy-O'Shea", 'Mac an tSaoi'],
  places: [{ line: ["St. Stephen's Green 1"], city: 'Dublin', postalCode: 'D02 XY45' }],
};

const vietnam: Region = {
  country: 'VN',
  calling: '+84',
  language: 'vi-VN',
  male: ['Văn Đức', 'Minh Quân'],
  female: ['Thị Hồng', 'Mỹ Linh'],
  family: ['Nguyễn', 'Trần', 'Phạm'],
  places: [{ line: ['12 Đường Lê Lợi'], city: 'Thành phố Hồ Chí Minh', postalCode: '700000' }],
};

const japan: Region = {
  country: 'JP',
  calling: '+81',
  language: 'ja-JP',
  male: ['Taro', 'Kenji', 'Shinichi'],
  female: ['Hanako', 'Yuko', 'Sakura'],
  family: ['Yamada', 'Sato', 'Watanabe'],
  familyInScript: ['山田', '佐藤', '渡邉'],
  givenInScript: { male: ['太郎', '健二', '真一'], female: ['花子', '裕子', 'さくら'] },
  places: [{ line: ['千代田1-1'], city: '東京', postalCode: '100-0001' }],
};

const greece: Region = {
  country: 'GR',
  calling: '+30',
  language: 'el-GR',
  male: ['Giorgos', 'Nikos'],
  female: ['Eleni', 'Maria'],
  family: ['Papadopoulos', 'Oikonomou'],
  familyInScript: ['Παπαδόπουλος', 'Οικονόμου'],
  givenInScript: { male: ['Γιώργος', 'Νίκος'], female: ['Ελένη', 'Μαρία'] },
  places: [{ line: ['Οδός Ερμού 15'], city: 'Αθήνα', postalCode: '105 63' }],
};

const egypt: Region = {
  country: 'EG',
  calling: '+20',
  language: 'ar-EG',
  male: ['Mohamed', 'Ahmed'],
  female: ['Fatma', 'Nour'],
  family: ['El-Sayed', 'Abdel-Rahman'],
  familyInScript: ['السيد', 'عبد الرحمن'],
  givenInScript: { male: ['محمد', 'أحمد'], female: ['فاطمة', 'نور'] },
  places: [{ line: ['١٢ شارع التحرير'], city: 'القاهرة', postalCode: '11511' }],
};

/** Half of the draws are from the United States, whose profiles the data follows. */
export const regions: readonly [Region, ...Region[]] = [
  ...([unitedStates, unitedStates, unitedStates, unitedStates] as const),
  ...[unitedStates, unitedStates, germany, poland, ireland, vietnam, japan, greece, egypt],
];
